// Keeps pictures of pages for the documents.
import { writeFile } from 'node:fs/promises'

// keep writes a picture of a page, as WebP, which the browser makes itself.
export async function keep(page, path, options = {}) {
  const png = (await page.screenshot(options)).toString('base64')
  const maker = await page.context().browser().newPage()
  const webp = await maker.evaluate(async (png) => {
    const image = new Image()
    image.src = 'data:image/png;base64,' + png
    await image.decode()
    const canvas = Object.assign(document.createElement('canvas'), { width: image.width, height: image.height })
    canvas.getContext('2d').drawImage(image, 0, 0)
    return canvas.toDataURL('image/webp', 0.85).split(',')[1]
  }, png)
  await maker.close()
  await writeFile(path, Buffer.from(webp, 'base64'))
}
