/** The passkey ceremonies of this page, and their failures in plain words. */

import * as accounts from "./accounts.js";
import * as api from "./api.js";
import { proveBeforeSignIn } from "./device.js";

export const supported = () =>
  typeof PublicKeyCredential === "function" && "parseCreationOptionsFromJSON" in PublicKeyCredential;

/** Can the browser offer passkeys inside a form field? */
export const offersAutofill = async () =>
  supported() && (await PublicKeyCredential.isConditionalMediationAvailable?.()) === true;

/** @param {string} token of the invitation @returns {Promise<api.Session>} */
export async function enrol(token) {
  const credential = await make(await api.registrationOptions(token));
  await proveBeforeSignIn();
  return api.registerPasskey(token, credential);
}

/** One more passkey for whoever is signed in. @param {string} name @returns {Promise<accounts.Passkey>} */
export async function addPasskey(name) {
  return accounts.addPasskey(await make(await accounts.addingOptions()), name);
}

/**
 * A new passkey on two proofs, for whoever lost theirs.
 * @param {string[]} proofs @param {string[]} lost ids of passkeys that are not to work any more
 */
export async function recover(proofs, lost) {
  const { options } = await accounts.recoveryOptions(proofs); // anew: a challenge lives five minutes
  return accounts.recover({ proofs, lost, credential: await make(options) });
}

/** Touch one's passkey once more. @returns {Promise<api.Session>} whose token replaces the one before */
export async function stepUp() {
  const publicKey = PublicKeyCredential.parseRequestOptionsFromJSON(await accounts.stepUpOptions());
  return accounts.stepUp(toJSON(await navigator.credentials.get({ publicKey })));
}

/**
 * Tell the password manager what this service accepts, so that it offers nothing else, and what
 * the person is called now. Only while signed in: it names every passkey.
 * @param {accounts.Passkeys} passkeys @param {api.Session["user"]} user
 */
export async function tellCredentialManager({ rp_id: rpId, user_handle: userId, credential_ids }, user) {
  const manager = /** @type {any} */ (globalThis.PublicKeyCredential); // not in Firefox
  const allAcceptedCredentialIds = credential_ids;
  await manager?.signalAllAcceptedCredentials?.({ rpId, userId, allAcceptedCredentialIds });
  const names = { name: user.email ?? user.name, displayName: user.name };
  await manager?.signalCurrentUserDetails?.({ rpId, userId, ...names });
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
  if (api.isDeclined(error)) return null;
  if (error instanceof api.ApiError) return error.detail;
  if (!(error instanceof DOMException)) throw error;
  if (error.name === "AbortError") return null;
  if (error.name === "NotAllowedError") return "The passkey was not used. Try again when you are ready.";
  if (error.name === "InvalidStateError") return "This phone or computer already has your passkey. Sign in with it.";
  return "This browser could not use a passkey here. Try another browser, or ask your care team.";
}

/** @param {any} options @returns {Promise<unknown>} what the service checks */
async function make(options) {
  const publicKey = PublicKeyCredential.parseCreationOptionsFromJSON(options);
  return toJSON(await navigator.credentials.create({ publicKey }));
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
