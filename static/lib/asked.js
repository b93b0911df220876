/** What somebody is asked for, in their language, for whoever reads at grade 6. Pure. */

import { placeWords } from "./body.js";

/** @typedef {import("./link.js").Language} Language */
/** @typedef {import("./link.js").Purpose} Purpose */
/** @typedef {import("./link.js").Reason} Reason */
/** @typedef {import("./link.js").Wanted} Wanted */

/** @typedef {typeof ENGLISH} Words */

const ENGLISH = {
  language: /** @type {Language} */ ("en"),
  other: "Español",
  locale: "en-US",
  emergencies: "Emergencies",
  skip: "Skip to the main part",
  title: "Send photos",
  again: "Take it again",
  /** @type {Record<Purpose, string>} */
  purposes: {
    assessment: "Your care team asks for photos, to see how to help.",
    dressing_change: "Your care team asks for photos. Take them when the bandage is changed.",
    before_visit: "Your care team wants to see photos before your visit.",
    follow_up: "Your care team wants to see how it heals.",
    retake: "Thank you for your photo. We need a better one. Please take it again.",
  },
  /** @type {(when: string) => string} */
  due: (when) => `Please send by ${when}.`,
  /** @type {(when: string) => string} */
  late: (when) => `This was due on ${when}. You can still send.`,
  /** @type {(organisation: string) => string} */
  trust: (organisation) => `For ${organisation}. This page can only send. It shows nobody what you sent.`,
  anything: "The burn or wound",
  /** @type {(wanted: Wanted) => string} */
  place: (wanted) => placeWords(wanted),
  /** @type {Record<string, string>} */
  tips: {
    overview: "Step back. Show the whole arm, leg or side.",
    regional: "Go a bit nearer. Show the burn and the skin around it.",
    close_up: "Go near. Hold the phone one school ruler away.",
    front: "Show the front side. Hold still.",
    back: "Show the back side. Hold still.",
    any: "Show all of it. Hold still.",
  },
  camera: "Take a photo",
  library: "Choose a photo",
  more: "Send one more",
  states: { waiting: "Waiting", sending: "Sending", sent: "It is here. Thank you.", failed: "Not sent yet. We try again.", refused: "Not sent." },
  retry: "Try again now",
  drop: "Take it out",
  howTitle: "How to take a good photo",
  how: [
    "Wash your hands.",
    "Take the bandage off only if your nurse said so.",
    "Stand near a window. No flash.",
    "Put a coin or a ruler next to it.",
    "Use the back camera. Hold the phone flat.",
    "Tap the burn on the screen. Hold still.",
    "Look: is it clear? If not, take it again.",
    "Cover the burn again.",
  ],
  /** @type {(sent: number, all: number) => string} */
  count: (sent, all) => `${sent} of ${all} sent`,
  thanksTitle: "Thank you. We have all photos.",
  thanks: "You can close this page now. The photos may still be on your phone.",
  badTitle: "This link does not work any more",
  bad: "It may be too old, or it was taken back. Ask the person who sent it for a new link.",
  fullTitle: "This link is used up",
  full: "It has sent as many photos as it can. They are safe with us. More to send? Ask for a new link.",
  missingTitle: "Open your link again",
  missing: "Tap the link in your message once more. Lost it? Ask the person who sent it.",
  offTitle: "We can’t reach Consult",
  off: "Check your connection. Then try again. Nothing is lost.",
  loading: "One moment…",
  /** @type {Record<string, string>} by status */
  problems: {
    0: "No connection.",
    413: "This photo is too big. Choose another one.",
    415: "This is not a photo that we can read. Choose another one.",
    422: "This is not a photo that we can read. Choose another one.",
    429: "Too many at once.",
    any: "Something went wrong on our side.",
  },
  wrong: "What went wrong",
  wrongDrawing: "Drawing: on the left as it went wrong, on the right as it should be",
  rightDrawing: "Drawing of the photo that we need",
  /** @type {Record<Reason, { wrong: string, better: string }>} */
  reasons: {
    blurred: { wrong: "The photo was not sharp.", better: "Tap the burn on the screen. Hold still, then take it." },
    too_dark: { wrong: "It was too dark.", better: "Stand near a window, or turn on a lamp." },
    too_bright: { wrong: "It was too bright.", better: "Turn the flash off. Step out of the sun." },
    wrong_site: { wrong: "It showed another place.", better: "Take a photo of the place named here." },
    too_far: { wrong: "It was too far away.", better: "Go near. Hold the phone one school ruler away." },
    too_near: { wrong: "It was too near.", better: "Step back a bit. Show all of it." },
    no_scale: { wrong: "We could not tell how big it is.", better: "Put a coin or a ruler next to it, not on it." },
    obstructed: { wrong: "Something was in the way.", better: "Move cloth and fingers away. Show the skin." },
    other: { wrong: "We could not use it.", better: "Take it in good light. Hold still." },
  },
};

/** @type {Words} */
const SPANISH = {
  language: "es",
  other: "English",
  locale: "es-US",
  emergencies: "Emergencias",
  skip: "Ir a la parte principal",
  title: "Enviar fotos",
  again: "Tómela otra vez",
  purposes: {
    assessment: "Su equipo médico le pide fotos para ver cómo ayudar.",
    dressing_change: "Su equipo médico le pide fotos. Tómelas al cambiar la venda.",
    before_visit: "Su equipo médico quiere ver fotos antes de su visita.",
    follow_up: "Su equipo médico quiere ver cómo sana.",
    retake: "Gracias por su foto. Necesitamos una mejor. Por favor, tómela otra vez.",
  },
  due: (when) => `Por favor, envíe antes del ${when}.`,
  late: (when) => `El plazo era el ${when}. Todavía puede enviar.`,
  trust: (organisation) => `Para ${organisation}. Esta página solo envía. No muestra a nadie lo que usted envió.`,
  anything: "La quemadura o herida",
  place: (wanted) => spanishPlace(wanted),
  tips: {
    overview: "Aléjese un poco. Muestre todo el brazo, la pierna o el lado.",
    regional: "Acérquese un poco. Muestre la quemadura y la piel de alrededor.",
    close_up: "Acérquese. Ponga el teléfono a una regla de distancia.",
    front: "Muestre la parte de delante. No se mueva.",
    back: "Muestre la parte de atrás. No se mueva.",
    any: "Muéstrela toda. No se mueva.",
  },
  camera: "Tomar una foto",
  library: "Elegir una foto",
  more: "Enviar otra más",
  states: { waiting: "En espera", sending: "Enviando", sent: "Ya llegó. Gracias.", failed: "Aún no se envió. Lo intentamos otra vez.", refused: "No se envió." },
  retry: "Intentar ahora",
  drop: "Quitarla",
  howTitle: "Cómo tomar una buena foto",
  how: [
    "Lávese las manos.",
    "Quite la venda solo si su enfermera se lo dijo.",
    "Póngase cerca de una ventana. Sin flash.",
    "Ponga una moneda o una regla al lado.",
    "Use la cámara de atrás. Sostenga el teléfono plano.",
    "Toque la quemadura en la pantalla. No se mueva.",
    "Mire: ¿se ve clara? Si no, tómela otra vez.",
    "Cubra la quemadura de nuevo.",
  ],
  count: (sent, all) => `${sent} de ${all} enviadas`,
  thanksTitle: "Gracias. Tenemos todas las fotos.",
  thanks: "Ya puede cerrar esta página. Las fotos pueden seguir en su teléfono.",
  badTitle: "Este enlace ya no funciona",
  bad: "Puede ser muy viejo, o lo retiraron. Pida un enlace nuevo a quien se lo envió.",
  fullTitle: "Este enlace ya se usó",
  full: "Ya envió todas las fotos que podía. Están seguras con nosotros. ¿Hay más? Pida un enlace nuevo.",
  missingTitle: "Abra su enlace otra vez",
  missing: "Toque otra vez el enlace de su mensaje. ¿Lo perdió? Pídalo a quien se lo envió.",
  offTitle: "No podemos conectar con Consult",
  off: "Revise su conexión e intente otra vez. No se perdió nada.",
  loading: "Un momento…",
  problems: {
    0: "Sin conexión.",
    413: "Esta foto es muy grande. Elija otra.",
    415: "No podemos leer esta foto. Elija otra.",
    422: "No podemos leer esta foto. Elija otra.",
    429: "Son muchas a la vez.",
    any: "Algo falló de nuestro lado.",
  },
  wrong: "Qué salió mal",
  wrongDrawing: "Dibujo: a la izquierda como salió mal, a la derecha como debe ser",
  rightDrawing: "Dibujo de la foto que necesitamos",
  reasons: {
    blurred: { wrong: "La foto salió borrosa.", better: "Toque la quemadura en la pantalla. No se mueva y tómela." },
    too_dark: { wrong: "Salió muy oscura.", better: "Póngase cerca de una ventana o encienda una lámpara." },
    too_bright: { wrong: "Salió muy clara.", better: "Apague el flash. Salga del sol." },
    wrong_site: { wrong: "Mostraba otro lugar.", better: "Tome una foto del lugar que dice aquí." },
    too_far: { wrong: "Estaba muy lejos.", better: "Acérquese. Ponga el teléfono a una regla de distancia." },
    too_near: { wrong: "Estaba muy cerca.", better: "Aléjese un poco. Muéstrela toda." },
    no_scale: { wrong: "No pudimos ver el tamaño.", better: "Ponga una moneda o una regla al lado, no encima." },
    obstructed: { wrong: "Había algo en medio.", better: "Quite la tela y los dedos. Muestre la piel." },
    other: { wrong: "No pudimos usarla.", better: "Tómela con buena luz. No se mueva." },
  },
};

const WORDS = { en: ENGLISH, es: SPANISH };

/** @param {Language} language */
export const wordsIn = (language) => WORDS[language];

/** Of those that there are, the one that a browser speaks. @param {readonly string[]} spoken @returns {Language} */
export const languageOf = (spoken) => (spoken[0]?.toLowerCase().startsWith("es") ? "es" : "en");

/** @param {Language} language @returns {Language} */
export const otherThan = (language) => (language === "en" ? "es" : "en");

/** @param {Wanted} wanted @param {Words} words */
export const wantedWords = (wanted, words) => words.place(wanted) || words.anything;

/** @param {Wanted} wanted @param {Words} words */
export const tipWords = ({ view }, words) => words.tips[view ?? "any"] ?? words.tips["any"] ?? "";

/** "Thursday, November 26, 2:00 PM". @param {string} at @param {Words} words */
export const whenWords = (at, { locale }) =>
  new Date(at).toLocaleString(locale, { weekday: "long", month: "long", day: "numeric", hour: "numeric", minute: "2-digit" });

/** "5:59 p.m." brings its own full stop. @param {string} at @param {Date} now @param {Words} words */
export function dueWords(at, now, words) {
  const say = Date.parse(at) < now.getTime() ? words.late : words.due;
  return say(whenWords(at, words)).replace("..", ".");
}

/** @param {number} status @param {Words} words */
export const problemWords = (status, { problems }) => problems[status] ?? problems["any"] ?? "";

/** Each with its gender, which the side takes. @type {Record<string, [string, "o" | "a"]>} */
const SITES = {
  whole_body: ["Todo el cuerpo", "o"],
  head: ["Cabeza", "a"],
  face: ["Cara", "a"],
  scalp: ["Cuero cabelludo", "o"],
  ear: ["Oreja", "a"],
  neck: ["Cuello", "o"],
  trunk: ["Tronco", "o"],
  chest: ["Pecho", "o"],
  abdomen: ["Barriga", "a"],
  back: ["Espalda", "a"],
  armpit: ["Axila", "a"],
  upper_arm: ["Brazo, parte de arriba", "o"],
  elbow: ["Codo", "o"],
  forearm: ["Antebrazo", "o"],
  wrist: ["Muñeca", "a"],
  hand: ["Mano", "a"],
  finger: ["Dedo de la mano", "a"],
  buttock: ["Nalga", "a"],
  genitalia_perineum: ["Zona genital", "a"],
  thigh: ["Muslo", "o"],
  knee: ["Rodilla", "a"],
  lower_leg: ["Pierna, bajo la rodilla", "a"],
  ankle: ["Tobillo", "o"],
  foot: ["Pie", "o"],
  toe: ["Dedo del pie", "o"],
};
/** @type {Record<string, string>} */
const SIDES = { R: "derech", L: "izquierd" };
/** @type {Record<string, string>} */
const VIEWS = { front: "por delante", back: "por detrás", overview: "desde más lejos", regional: "desde más cerca", close_up: "muy de cerca" };

/** @param {Wanted} wanted */
function spanishPlace({ body_site: code, laterality, view }) {
  if (!code) return "";
  const [site, gender] = SITES[code] ?? [code.replaceAll("_", " "), "o"];
  const stem = SIDES[laterality ?? ""];
  const [head, ...rest] = site.split(",");
  const place = stem ? [`${head} ${stem}${gender}`, ...rest].join(",") : site;
  return [place, laterality === "B" && "ambos lados", VIEWS[view ?? ""]].filter(Boolean).join(", ");
}

/** For the tests: every place has its words. */
export const SPANISH_SITES = Object.keys(SITES);
