// Pictures of messages: small ones within the page, fetched when they come into sight.

import { h } from "../common/dom.js";
import { attachment, type Attached } from "./wire.js";

const sight = new IntersectionObserver(
  (entries) => {
    for (const { isIntersecting, target } of entries) {
      if (!isIntersecting || !(target instanceof HTMLImageElement)) continue;
      sight.unobserve(target);
      void load(target);
    }
  },
  { rootMargin: "300px" },
);

/** An image element of its final size that fetches itself. Its address is good for a minute, so it is asked for late. */
export function thumbnail({ id, name, width, height }: Attached): HTMLImageElement {
  const image = h("img", { alt: name, width, height, "data-attachment": id, decoding: "async", draggable: "false" });
  sight.observe(image);
  return image;
}

async function load(image: HTMLImageElement): Promise<void> {
  try {
    const { url } = await attachment(image.dataset["attachment"] ?? "");
    if (url) image.src = url;
    else image.classList.add("missing");
  } catch {
    image.classList.add("missing"); // Its name, the alternative text, stands in its place.
  }
}
