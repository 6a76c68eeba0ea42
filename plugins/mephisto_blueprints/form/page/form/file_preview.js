/* A chosen file, shown before it is sent. */

import { element } from "./dom.js";

const urls = new Map();

/* Elements that show a file; none if there is no file, or one of a kind that cannot be shown. */
export function previewOf(file, id) {
  if (urls.has(id)) URL.revokeObjectURL(urls.get(id));
  urls.delete(id);
  const make = file && MAKERS[file.type.split("/")[0]];
  if (!make) return [];
  urls.set(id, URL.createObjectURL(file));
  return [make(urls.get(id), id + "_preview", file.name)];
}

const MAKERS = {
  image: (src, id, name) => element("img", { src, id, alt: "The chosen file " + name }),
  video: (src, id, name) => element("video", { src, id, controls: true, "aria-label": name }),
  audio: (src, id, name) => element("audio", { src, id, controls: true, "aria-label": name }),
};
