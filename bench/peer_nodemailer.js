// nodemailer as its users run it: node bench/peer_nodemailer.js raw|compose PORT CONNECTIONS LETTERS FILE [CERTIFICATE]
// NODE_PATH names the folder with nodemailer; DKIM_KEY a key to sign with. raw: the same bytes to every reader; compose: text and HTML for each.
const nodemailer = require('nodemailer')
const fs = require('fs')
const [kind, port, connections, letters, file, certificate] = process.argv.slice(2)

const options = { pool: true, maxConnections: +connections, maxMessages: Infinity, host: 'localhost', port: +port }
if (certificate) Object.assign(options, { requireTLS: true, tls: { ca: fs.readFileSync(certificate), servername: 'localhost' } })
else options.ignoreTLS = true
if (process.env.DKIM_KEY) options.dkim = { domainName: 'news.example', keySelector: 'digest', privateKey: fs.readFileSync(process.env.DKIM_KEY, 'utf8') }
const transport = nodemailer.createTransport(options)
const raw = fs.readFileSync(file)
const text = raw.toString()
const html = '<p>' + text.replace(/\r\n/g, '</p>\r\n<p>') + '</p>'

let sent = 0
async function work() {
  while (sent < +letters) {
    const number = sent++
    const to = `reader${number}@example.net`
    if (kind === 'raw') await transport.sendMail({ envelope: { from: 'ledger@news.example', to: [to] }, raw })
    else await transport.sendMail({
      from: 'The Weekly Ledger <ledger@news.example>', to, subject: 'The week’s numbers',
      text: text.slice(0, 20000) + to, html: html.slice(0, 50000) + to,
      list: { unsubscribe: `https://news.example/leave/${number}` }
    })
  }
}
Promise.all(Array.from({ length: 2 * +connections }, work)).then(() => transport.close())
