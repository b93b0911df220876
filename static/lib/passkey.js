/** The two passkey ceremonies of this page, and their failures in plain words. */

import * as api from "./api.js";
import { proveBeforeSignIn } from "./device.js";

export const supported = () =>
  typeof PublicKeyCredential === "function" && "parseCreationOptionsFromJSON" in PublicKeyCredential;

/** Can the browser offer passkeys inside a form field? */
export const offersAutofill = async () =>
  supported() && (await PublicKeyCredential.isConditionalMediationAvailable?.()) === true;

/** @param {string} token of the invitation @returns {Promise<api.Session>} */
export async function enrol(token) {
  const options = await api.registrationOptions(token);
  const publicKey = PublicKeyCredential.parseCreationOptionsFromJSON(options);
  const credential = await navigator.credentials.create({ publicKey });
  await proveBeforeSignIn();
  return api.registerPasskey(token, toJSON(credential));
}

/**
 * @param {{ mediation?: CredentialMediationRequirement, signal: AbortSignal }} options
 * @returns {Promise<api.Session>}
 */
export async function signIn({ mediation = "optional", signal }) {
  const options = await api.authenticationOptions();
  const publicKey = PublicKeyCredential.parseRequestOptionsFromJSON(options);
  const credential = await navigator.credentials.get({ publicKey, mediation, signal });
  await proveBeforeSignIn();
  try {
    return await api.authenticate(toJSON(credential));
  } catch (error) {
    await forgetUnknown(error, options.rpId, credential);
    throw error;
  }
}

/**
 * Tell the password manager of this tablet which passkeys are still good, at the end of a shift.
 * @param {{ rp_id: string, user_handle: string, credential_ids: string[] }} ended
 */
export async function signalAccepted({ rp_id, user_handle, credential_ids }) {
  if (!supported()) return;
  const { signalAllAcceptedCredentials } = /** @type {any} */ (PublicKeyCredential); // not in Firefox
  const facts = { rpId: rp_id, userId: user_handle, allAcceptedCredentialIds: credential_ids };
  await signalAllAcceptedCredentials?.call(PublicKeyCredential, facts);
}

/** @param {unknown} error @returns {string | null} null when there is nothing to say */
export function wordsFor(error) {
  if (error instanceof api.ApiError) return error.detail;
  if (!(error instanceof DOMException)) throw error;
  if (error.name === "AbortError") return null;
  if (error.name === "NotAllowedError") return "The passkey was not used. Try again when you are ready.";
  if (error.name === "InvalidStateError") return "This phone or computer already has your passkey. Sign in with it.";
  return "This browser could not use a passkey here. Try another browser, or ask your care team.";
}

/** @param {Credential | null} credential */
const toJSON = (credential) => /** @type {PublicKeyCredential} */ (credential).toJSON();

/**
 * Tell the password manager to stop offering a passkey that the service no longer knows.
 * @param {unknown} error @param {string} rpId @param {Credential | null} credential
 */
async function forgetUnknown(error, rpId, credential) {
  if (!(error instanceof api.ApiError) || error.code !== "unknown_passkey") return;
  const { signalUnknownCredential } = /** @type {any} */ (PublicKeyCredential); // not in Firefox
  const facts = { rpId, credentialId: credential?.id };
  await signalUnknownCredential?.call(PublicKeyCredential, facts);
}
