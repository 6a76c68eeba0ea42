/* Shows a field as long as an option is ticked, and empties it when it goes. */
export function showWhenChosen(
  formData, updateFormData, element, fieldValue, formFields, option, fieldName,
) {
  const isChosen = fieldValue[option] === true;
  const { id, name } = formFields[fieldName];
  document.getElementById(id).closest(".field").classList.toggle("hidden", !isChosen);
  if (!isChosen) updateFormData(name, "");
}
