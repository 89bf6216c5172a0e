// SPDX-License-Identifier: BSD-2-Clause
/*
 * node-coap (npm's "coap") as a peer.
 *
 *     node_peer.js serve PORT
 *     node_peer.js METHOD URI [WORD...]
 *
 * A server has the resources of the plugtests that are below, on UDP at
 * 127.0.0.1; it says "ready", and then "METHOD PATH" of each request.
 *
 * A client prints the type and the code of the response, its options as NAME
 * VALUE, an empty line, and the payload. Words of its request: non,
 * payload=TEXT, file=NAME, block1=SZX, block2=SZX, token=HEX, and NAME=VALUE
 * for an option by node-coap's name of it, a value 0x... in hex. observe=N
 * prints the payloads of N notifications, a line each, and cancels; observe=end
 * goes on until there is one without Observe, whose code is printed.
 */
'use strict'

const { readFileSync } = require('fs')
const coap = require('coap')

// It would have ETags as text.
coap.registerOption('ETag', (bytes) => bytes, (bytes) => bytes)

const LARGE = Buffer.from(Array.from({ length: 20 },
	(_, i) => String.fromCharCode(65 + i).repeat(63) + '\n').join(''))

// ---- server -----------------------------------------------------------------

const stored = { test: { body: Buffer.from('test'), format: 'text/plain' },
	validate: { body: Buffer.from('first'), format: 'text/plain' },
	'large-update': { body: LARGE, format: 'text/plain' } }
let version = 1
const observers = new Set()

function etag() {
	return Buffer.from([version])
}

function content(res, body, format = 'text/plain') {
	res.setOption('Content-Format', format)
	res.end(body)
}

function refuse(res, code) {
	res.code = code
	res.end()
}

function put(name, req, res) {
	stored[name] = { body: req.payload, format: req.headers['Content-Format'] }
	refuse(res, '2.04')
}

function option(req, name) {
	return req._packet.options.filter((o) => o.name === name).map((o) => o.value)
}

function listen(res) {
	const tell = () => res.write(`change ${version}`)
	observers.add(tell)
	res.on('finish', () => observers.delete(tell))
	tell()
}

const RESOURCES = {
	'GET /.well-known/core': (req, res) =>
		content(res, '</test>;ct=0,</obs>;obs', 'application/link-format'),
	'GET /test': (req, res) => {
		res.setOption('Max-Age', 30)
		content(res, stored.test.body, stored.test.format)
	},
	'PUT /test': (req, res) => put('test', req, res),
	'POST /test': (req, res) => {
		res.setOption('Location-Path', ['location1', 'location2', 'location3']
			.map((s) => Buffer.from(s)))
		refuse(res, '2.01')
	},
	'DELETE /test': (req, res) => refuse(res, '2.02'),
	'GET /separate': (req, res) => setTimeout(() => content(res, 'later'), 200),
	'GET /seg1/seg2/seg3': (req, res) => content(res, 'segments'),
	'GET /query': (req, res) =>
		content(res, option(req, 'Uri-Query').join('\n')),
	'POST /location-query': (req, res) => {
		res.setOption('Location-Query', ['first=1', 'second=2']
			.map((s) => Buffer.from(s)))
		refuse(res, '2.01')
	},
	'GET /multi-format': (req, res) => {
		const formats = { 'text/plain': 'text', 'application/xml': '<x/>' }
		const format = req.headers.Accept ?? 'text/plain'
		if (formats[format] === undefined)
			return refuse(res, '4.06')
		content(res, formats[format], format)
	},
	'GET /validate': (req, res) => {
		res.setOption('ETag', etag())
		if (option(req, 'Uri-Query').join() === 'short')
			res.setOption('Max-Age', 1)
		if (option(req, 'ETag').some((e) => e.equals(etag())))
			return refuse(res, '2.03')
		content(res, stored.validate.body, stored.validate.format)
	},
	'PUT /validate': (req, res) => {
		const wanted = option(req, 'If-Match')
		if (wanted.length > 0 && !wanted.some((e) => e.equals(etag())))
			return refuse(res, '4.12')
		version++
		put('validate', req, res)
	},
	'PUT /create1': (req, res) => {
		if (stored.create1 && option(req, 'If-None-Match').length > 0)
			return refuse(res, '4.12')
		stored.create1 = true
		refuse(res, '2.01')
	},
	'GET /large': (req, res) => content(res, LARGE),
	'GET /large-update': (req, res) => content(res, stored['large-update'].body),
	'PUT /large-update': (req, res) => put('large-update', req, res),
	'POST /large-create': (req, res) => {
		stored['large-update'] = { body: req.payload }
		res.setOption('Location-Path', Buffer.from('large-update'))
		refuse(res, '2.01')
	},
	'POST /large-post': (req, res) => {
		// What asks for the rest of the answer brings no body.
		if (req.payload.length > 0)
			stored.post = Buffer.from(req.payload.toString().toUpperCase())
		res.code = '2.04'
		content(res, stored.post)
	},
	'GET /obs': (req, res) => req.headers.Observe === 0 ? listen(res)
		: content(res, `change ${version}`),
	'POST /obs': (req, res) => {
		version++
		observers.forEach((tell) => tell())
		refuse(res, '2.04')
	},
	'GET /observers': (req, res) => content(res, String(observers.size)),
}

function serve(port) {
	const server = coap.createServer()
	// It takes the blocks of a request for those of one body when they have the
	// same token, which they need not have: let it go by endpoint and path.
	const keyOf = server._toCacheKey
	server._toCacheKey = function (req, packet) {
		return packet.options.some((o) => o.name === 'Block1')
			? `${req.rsinfo.address}:${req.rsinfo.port}${req.url}`
			: keyOf.call(this, req, packet)
	}
	server.on('request', (req, res) => {
		res.on('error', () => {})
		const what = `${req.method} ${req.url.split('?')[0]}`
		console.log(what)
		const answer = RESOURCES[what]
		if (answer)
			answer(req, res)
		else
			refuse(res, '4.04')
	})
	server.listen(port, '127.0.0.1', () => console.log('ready'))
}

// ---- client -----------------------------------------------------------------

function value_of(text) {
	if (text.startsWith('0x'))
		return Buffer.from(text.slice(2), 'hex')
	return /^[0-9]+$/.test(text) ? Number(text) : text
}

// What a word says of the request, which is not made yet.
const WORDS = {
	non: (o) => { o.url.confirmable = false },
	payload: (o, text) => { o.payload = Buffer.from(text) },
	file: (o, text) => { o.payload = readFileSync(text) },
	block1: (o, text) => { o.url.options.Block1 = Buffer.from([Number(text)]) },
	block2: (o, text) => { o.url.options.Block2 = Buffer.from([Number(text)]) },
	token: (o, text) => { o.url.token = Buffer.from(text, 'hex') },
	observe: (o, text) => { o.url.observe = true; o.times = text },
}

function read(method, uri, words) {
	const url = new URL(uri)
	const o = { payload: Buffer.alloc(0), times: 0, url: {
		method, hostname: url.hostname, port: Number(url.port),
		pathname: url.pathname, query: url.search.slice(1), options: {} } }
	for (const word of words) {
		const [name, ...rest] = word.split('=')
		if (WORDS[name])
			WORDS[name](o, rest.join('='))
		else
			o.url.options[name] = value_of(rest.join('='))
	}
	return o
}

function text_of(value) {
	return Buffer.isBuffer(value) ? '0x' + value.toString('hex') : value
}

function show(res) {
	const p = res._packet
	console.log(p.ack ? 'ACK' : p.confirmable ? 'CON' : 'NON', res.code)
	for (const o of p.options)
		console.log(o.name, text_of(o.value))
	console.log()
}

function follow(res, o) {
	let n = 0
	// Else it takes what has no number for an old one.
	res._disableFiltering = true
	res.on('data', (body) => {
		const ended = res.headers.Observe === undefined
		console.log(ended ? `${res.code} ${body}` : String(body))
		// To cancel it wants a socket, which it has while it acknowledges.
		if (ended || ++n === Number(o.times))
			res.close(!ended && o.url.confirmable !== false)
	})
}

function ask(method, uri, words) {
	const o = read(method.toUpperCase(), uri, words)
	const req = coap.request(o.url)
	const fail = (why) => { console.error(String(why)); process.exit(1) }
	req.on('error', fail)
	req.on('timeout', fail)
	req.on('response', (res) => {
		show(res)
		if (o.times && res.headers.Observe !== undefined)
			return follow(res, o)
		process.stdout.write(res.payload)
		if (o.times)
			res.close?.()
	})
	req.end(o.payload)
}

const [what, where, ...words] = process.argv.slice(2)
if (what === 'serve')
	serve(Number(where))
else
	ask(what, where, words)
