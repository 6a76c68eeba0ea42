/* The shapes of answers, the same as FormComposer's: texts for what is typed or chosen once, a list
 * for a select of several, option -> boolean for ticked boxes, a description for a file. */

export const TYPED = ["email", "input", "number", "password", "textarea"];

export function isMultiple(field) {
  return field.type === "select" && field.multiple === true;
}

export function initialValue(field) {
  const options = field.options || [];
  const checked = options.filter((option) => option.checked).map((option) => String(option.value));
  if (field.type === "checkbox") {
    const chosen = field.value || {};
    return Object.fromEntries(
      options.map((option) => {
        const name = String(option.value);
        return [name, Object.hasOwn(chosen, name) ? chosen[name] : checked.includes(name)];
      }),
    );
  }
  if (field.type === "file") return null;
  if (isMultiple(field)) return Array.isArray(field.value) ? field.value.map(String) : checked;
  return field.value || checked[0] || "";
}

/* How much there is of an answer: characters, or choices; 0 is no answer. */
export function lengthOf(field, value) {
  if (value === null || value === undefined) return 0;
  if (field.type === "checkbox") return Object.values(value).filter((state) => state === true).length;
  if (Array.isArray(value)) return value.length;
  if (field.type === "file") return value.name ? 1 : 0;
  return String(value).trim().length;
}

export function describeFile(file) {
  return { lastModified: file.lastModified, name: file.name, size: file.size, type: file.type };
}

/* Why a value cannot be one of a field; null if it can. */
export function shapeFault(field, value) {
  if (value === null || value === undefined) return null;
  const known = (field.options || []).map((option) => String(option.value));
  if (field.type === "checkbox") {
    if (typeof value !== "object" || Array.isArray(value)) return "is no object of options";
    const stranger = Object.keys(value).find((name) => !known.includes(name));
    if (stranger !== undefined) return "has the unknown option " + stranger;
    const isSound = Object.values(value).every((state) => typeof state === "boolean");
    return isSound ? null : "has options that are neither true nor false";
  }
  if (isMultiple(field)) {
    if (!Array.isArray(value)) return "is no list";
    return value.every((one) => known.includes(one)) ? null : "has an unknown option";
  }
  if (field.type === "file") return typeof value === "object" ? null : "is no description of a file";
  if (typeof value !== "string") return "is no text";
  if (["radio", "select"].includes(field.type) && value !== "" && !known.includes(value)) {
    return "is none of the options";
  }
  return null;
}
