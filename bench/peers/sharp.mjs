// sharp as its users write it: a decode per variant. The protocol is that of bench/ways.
import { createInterface } from "node:readline";
import sharp from "sharp";

const variants = { "800x600": [800, 600], "400x300": [400, 300], "200x150": [200, 150] };

sharp.cache(false);
sharp.concurrency(1);

for await (const line of createInterface({ input: process.stdin })) {
  const { input, output, format } = JSON.parse(line);
  const options = format === "jpeg" ? { quality: 80, progressive: true } : {};
  for (const [name, [width, height]] of Object.entries(variants)) {
    await sharp(input)
      .rotate()
      .resize(width, height, { fit: "cover" })
      .toFormat(format, options)
      .toFile(`${output}/${name}.${format}`);
  }
  console.log("done");
}
