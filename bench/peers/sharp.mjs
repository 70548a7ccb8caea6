// sharp as its users write it: a pipeline per size, cloned for each format. The protocol is that
// of bench/ways, and {"quality": number, "efforts": {format: number}} besides.
import { createInterface } from "node:readline";
import sharp from "sharp";

const boxes = { "800x600": [800, 600], "400x300": [400, 300], "200x150": [200, 150] };

sharp.cache(false);
sharp.concurrency(1);

for await (const line of createInterface({ input: process.stdin })) {
  const { input, output, sizes, formats, quality, efforts } = JSON.parse(line);
  const options = {
    jpeg: { quality, progressive: true },
    png: {},
    webp: { quality, effort: efforts.webp },
    // As libvips has it of itself at this quality; sharp's default is 4:4:4.
    avif: { quality, effort: efforts.avif, chromaSubsampling: "4:2:0" },
  };
  for (const name of sizes) {
    const [width, height] = boxes[name];
    const resized = sharp(input).rotate().resize(width, height, { fit: "cover" });
    for (const format of formats) {
      await resized.clone().toFormat(format, options[format]).toFile(`${output}/${name}.${format}`);
    }
  }
  console.log("done");
}
