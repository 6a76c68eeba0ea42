/* What the worker types into or chooses from: one control for each type of field.
 *
 * A control has `element` (what stands in the page), `target` (what takes the focus; null if nothing
 * can), `read()`, `write(value)` and, if the browser has an opinion, `fault()`. */

import { classes, element, freshId } from "./dom.js";
import { previewOf } from "./file_preview.js";
import { describeFile, initialValue, isMultiple } from "./values.js";
import { isRequired } from "./validators.js";

const LONGEST_LIST = 8;

export function makeControl(field, id) {
  const make = MAKERS[field.type] || typedControl;
  const control = make(field, id);
  control.write(initialValue(field));
  return control;
}

function typedControl(field, id) {
  const type = field.type === "input" ? "text" : field.type;
  return textControl(element("input", { ...common(field, id), type }));
}

function textareaControl(field, id) {
  return textControl(element("textarea", { ...common(field, id), rows: 4 }));
}

function common(field, id) {
  return {
    id,
    name: field.name,
    placeholder: field.placeholder || null,
    "aria-required": isRequired(field) ? "true" : null,
  };
}

function textControl(input) {
  return {
    element: input,
    target: input,
    read: () => input.value,
    write: (value) => (input.value = value === null || value === undefined ? "" : value),
    fault() {
      if (input.validity.badInput) return "Please write a number.";
      return input.validity.typeMismatch ? "Please write an e-mail address." : null;
    },
  };
}

function hiddenControl(field, id) {
  const input = element("input", { type: "hidden", id, name: field.name });
  return { ...textControl(input), target: null, fault: () => null };
}

function selectControl(field, id) {
  const several = isMultiple(field);
  const options = field.options.map((option) =>
    element("option", { value: String(option.value) }, String(option.label)),
  );
  if (!several && !field.options.some((option) => String(option.value) === "")) {
    options.unshift(element("option", { value: "" }, field.placeholder || "Please choose"));
  }
  const size = several ? Math.min(options.length, LONGEST_LIST) : null;
  const attributes = { ...common(field, id), placeholder: null, multiple: several, size };
  const select = element("select", attributes, ...options);
  return {
    element: select,
    target: select,
    read: () => (several ? [...select.selectedOptions].map((option) => option.value) : select.value),
    write(value) {
      const chosen = (Array.isArray(value) ? value : [value || ""]).map(String);
      for (const option of options) option.selected = chosen.includes(option.value);
    },
  };
}

function radioControl(field, id) {
  const { box, inputs } = choices(field, id);
  return {
    element: box,
    target: inputs[0] || null,
    read: () => (inputs.find((input) => input.checked) || { value: "" }).value,
    write: (value) => inputs.forEach((input) => (input.checked = input.value === String(value))),
  };
}

function checkboxControl(field, id) {
  const { box, inputs } = choices(field, id);
  return {
    element: box,
    target: inputs[0] || null,
    read: () => Object.fromEntries(inputs.map((input) => [input.value, input.checked])),
    write(value) {
      for (const input of inputs) input.checked = Boolean(value) && value[input.value] === true;
    },
  };
}

function choices(field, id) {
  const inputs = [];
  const rows = field.options.map(function (option) {
    const own = freshId();
    const value = String(option.value);
    inputs.push(element("input", { type: field.type, id: own, name: field.name, value }));
    const label = element("label", { for: own }, String(option.label));
    return element("div", { class: "option" }, inputs.at(-1), label);
  });
  return { box: element("div", { id, class: classes("options", field.type) }, ...rows), inputs };
}

function fileControl(field, id) {
  const extensions = (field.validators || {}).fileExtension;
  const accept = extensions && [extensions].flat().map((one) => "." + one.replace(/^\.+/, ""));
  const attributes = { ...common(field, id), placeholder: null, type: "file" };
  const input = element("input", { ...attributes, accept: accept ? accept.join(",") : null });
  const preview = element("div", { class: "file-preview" });
  const showPreview = function () {
    if (field.show_preview) preview.replaceChildren(...previewOf(input.files[0], input.id));
  };
  input.addEventListener("change", showPreview);
  return {
    element: element("div", {}, input, preview),
    target: input,
    file: () => input.files[0] || null,
    read: () => (input.files[0] ? describeFile(input.files[0]) : null),
    // A page may take a file back, and never choose one.
    write(value) {
      if (!value || !value.name) input.value = "";
      showPreview();
    },
  };
}

const MAKERS = {
  checkbox: checkboxControl,
  file: fileControl,
  hidden: hiddenControl,
  radio: radioControl,
  select: selectControl,
  textarea: textareaControl,
};
