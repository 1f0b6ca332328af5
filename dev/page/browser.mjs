// The browser that people have: Chromium, wherever the system keeps it, or CHROMIUM.
import { existsSync } from 'node:fs'
import { chromium } from 'playwright-core'

const executablePath = process.env.CHROMIUM || ['/usr/bin/chromium', '/usr/bin/chromium-browser', '/usr/bin/google-chrome'].find((path) => existsSync(path))

export const launch = () => chromium.launch({ executablePath, args: ['--no-sandbox'] })
