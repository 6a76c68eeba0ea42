/* Rules of a form: each gives null, or a message for the worker. All hold for an empty answer too,
 * as they do in FormComposer. */

import { TYPED, lengthOf } from "./values.js";

function things(count, field) {
  const isTyped = TYPED.includes(field.type);
  const one = isTyped ? "character" : "option";
  return count + " " + one + (count === 1 ? "" : "s");
}

const BUILT_IN = {
  required(field, value, isRequired) {
    if (isRequired !== true || lengthOf(field, value) > 0) return null;
    if (field.type === "file") return "Please choose a file.";
    return TYPED.includes(field.type) ? "Please fill this in." : "Please choose an answer.";
  },
  minLength(field, value, least) {
    if (!countsLength(field) || lengthOf(field, value) >= least) return null;
    const verb = TYPED.includes(field.type) ? "write" : "choose";
    return `Please ${verb} at least ${things(least, field)}.`;
  },
  maxLength(field, value, most) {
    if (!countsLength(field) || lengthOf(field, value) <= most) return null;
    const verb = TYPED.includes(field.type) ? "write" : "choose";
    return `Please ${verb} at most ${things(most, field)}.`;
  },
  regexp(field, value, pattern, flags) {
    if (!TYPED.includes(field.type)) return null;
    const isMatch = new RegExp(pattern, flags || "igm").test((value || "").trim());
    return isMatch ? null : "Please check this answer: it does not have the expected form.";
  },
  fileExtension(field, value, ...extensions) {
    if (lengthOf(field, value) === 0) return null;
    const allowed = extensions.map((one) => one.replace(/^\.+/, "").toLowerCase());
    const name = value.name.toLowerCase();
    if (allowed.some((one) => name.endsWith("." + one))) return null;
    return `Please choose a file of type ${allowed.join(", ")}.`;
  },
};

function countsLength(field) {
  return TYPED.includes(field.type) || field.type === "checkbox" || field.multiple === true;
}

export function isRequired(field) {
  return Boolean(field.validators) && field.validators.required === true;
}

/* Messages about a field's value. A rule that fails to run is reported and lets the value pass: the
 * worker cannot mend it. */
export function messagesFor(field, value, custom, report) {
  const messages = [];
  for (const [name, argument] of Object.entries(field.validators || {})) {
    const rule = Object.hasOwn(BUILT_IN, name) ? BUILT_IN[name] : custom[name];
    const rest = Array.isArray(argument) ? argument : [argument];
    try {
      if (typeof rule !== "function") throw new Error(`There is no validator ${name}.`);
      const message = rule(field, value, ...rest);
      if (message) messages.push(String(message));
    } catch (error) {
      report(error);
    }
    // An empty answer need not be told of its length as well.
    if (name === "required" && messages.length) break;
  }
  return messages;
}
