/* Making elements. Nothing here, or in what uses it, needs inline scripts, inline styles or eval,
 * so the page works under a strict content security policy. */

let lastNumber = 0;

export function freshId() {
  lastNumber += 1;
  return "mephisto-form-" + lastNumber;
}

/* An attribute that is false, null or undefined is left out; true stands without a value. */
export function element(tag, attributes = {}, ...children) {
  const made = document.createElement(tag);
  for (const [name, value] of Object.entries(attributes)) {
    if (value === true) made.setAttribute(name, "");
    else if (value !== false && value !== null && value !== undefined) made.setAttribute(name, value);
  }
  made.append(...children.filter((child) => child !== null && child !== undefined));
  return made;
}

/* The form's author may write HTML in titles, instructions, labels and help. Null if there is none. */
export function html(tag, attributes, source) {
  if (!source) return null;
  const made = element(tag, attributes);
  made.innerHTML = source;
  return made;
}

export function plainText(source) {
  const holder = document.createElement("template");
  holder.innerHTML = source || "";
  return holder.content.textContent.replace(/\s+/g, " ").trim();
}

export function classes(...names) {
  return names.filter(Boolean).join(" ");
}
