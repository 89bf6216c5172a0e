# SPDX-License-Identifier: BSD-2-Clause
# The table of the benchmark: from lines "WORK PROTOCOL WHO VALUE", a value
# being nanoseconds or bytes or "fails", to ratios of medians. A ratio of speeds
# is over 1 when the first is faster.

function row(work, label, list, goals, n, p, g, i) {
	n = split(list, p, " ")
	split(goals, g, " ")
	for (i = 1; i <= n; i++)
		rows[++count] = work SUBSEP p[i] SUBSEP label SUBSEP g[i]
}

BEGIN {
	row("one", "requests one by one", "udp dtls tcp tls ws wss",
		"0.80 0.80 0.80 0.80 0.50 0.50")
	row("sixteen", "16 requests in flight", "udp dtls tcp tls ws wss",
		"1.00 - - - - -")
	row("held-1000", "1000 others held *", "udp", "0.95")
	row("held-5000", "5000 others held *", "udp", "0.95")
	row("setup", "set-up and close",
		"dtls dtls-ecdsa tcp tls tls-ecdsa ws wss",
		"0.90 0.90 - 0.90 0.90 - 0.90")
	row("burst", "50 set-ups at once **", "tcp", "1.00")
	row("64k", "64 KiB in one message", "tcp tls ws wss", "1.00 1.00 1.00 1.00")
	row("1m", "1 MiB in one message", "tcp tls ws wss", "1.00 1.00 1.00 1.00")
	row("get-blocks", "64 KiB GET in blocks ++", "udp dtls", "2.00 2.00")
	row("put-blocks", "64 KiB PUT in blocks ++", "udp dtls", "2.00 2.00")
	row("notify-1", "notify 1 observer ++", "udp", "2.00")
	row("notify-100", "notify 100 observers ++", "udp", "2.00")
	row("one-shot", "one-shot get ***", "udp dtls", "0.61 -")
	row("agent", "get through the agent +", "udp dtls-ecdsa", "0.56 0.56")
	row("memory", "held session, KiB ****", "udp dtls tcp tls ws wss",
		"1.0 10.5 1.0 10.5 7.3 16.8")
}

$4 == "fails" {
	value[$1, $2, $3] = "fails"
	next
}

{
	all[$1, $2, $3] = all[$1, $2, $3] " " $4
}

function median(text, n, v, i, j, t) {
	n = split(text, v, " ")
	for (i = 2; i <= n; i++) {
		t = v[i]
		for (j = i - 1; j > 0 && v[j] + 0 > t + 0; j--)
			v[j + 1] = v[j]
		v[j + 1] = t
	}
	return n % 2 ? v[(n + 1) / 2] : (v[n / 2] + v[n / 2 + 1]) / 2
}

# How fast a is against b, which are keys: the median of the ratios of rounds,
# for what is near in time is alike in what else the machine did. Words when one
# of them has no value.
function ratio(a, b, n, m, i, u, v, text) {
	if (value[a] == "fails" || value[b] == "fails")
		return value[a] == "fails" ? "fails" : "-"
	n = split(all[a], u, " ")
	m = split(all[b], v, " ")
	for (i = 1; i <= n && i <= m; i++)
		if (u[i] > 0 && v[i] > 0)
			text = text " " v[i] / u[i]
	return text != "" ? sprintf("%.2f", median(text)) : "-"
}

# The key of what it is compared with.
function base(work, proto, who) {
	if (work ~ /^held/)
		return "held-1" SUBSEP proto SUBSEP who
	if (work == "burst")
		return "setup" SUBSEP proto SUBSEP who
	if (who == "libcoap" && (work, proto, "floor-libcoap") in value)
		return work SUBSEP proto SUBSEP "floor-libcoap"
	return work SUBSEP proto SUBSEP "floor"
}

function rate(name, v) {
	if (v !~ /^[0-9]/ || v == 0)
		return ""
	return sprintf("%s %.0f/s  ", name, 1e9 / v)
}

function kib(v) {
	return v ~ /^[0-9]/ && v > 0 ? sprintf("%.2f", v / 1024) : v == "" ? "-" : v
}

function print_memory(key, label, proto, goal, o, f) {
	o = value[key, "ours"]
	f = value[key, "floor"]
	printf "%-24s%-12s%11s%14s%14s%7s%s\n", label, proto, kib(o),
		kib(value[key, "libcoap"]),
		ratio(key SUBSEP "libcoap", key SUBSEP "ours"), "<" goal,
		(note != "" ? "   " note : (o / 1024 > goal ? "  over" : ""))
	if (f > 0)
		printf "%-36s%11s\n", "  the floor has", kib(f)
}

function print_speed(key, work, label, proto, goal, o, l, to, judged, text) {
	o = key SUBSEP "ours"
	l = key SUBSEP "libcoap"
	to = ratio(o, base(work, proto, "ours"))
	judged = label ~ /[+][+]$/ ? ratio(o, l) : to
	printf "%-24s%-12s%11s%14s%14s%7s%-7s", label, proto, to,
		ratio(l, base(work, proto, "libcoap")), ratio(o, l), goal,
		judged ~ /^[0-9]/ && goal != "-" && judged < goal + 0 \
			? "  below" : ""
	if (note != "")
		printf " %s", note
	text = rate("ours", value[o]) rate("libcoap", value[l]) \
		rate("floor", value[key, "floor"])
	sub(/  $/, "", text)
	print text != "" ? " (" text ")" : ""
}

# Against the same get with a session of its own.
function print_own(key, o, text) {
	o = key SUBSEP "ours"
	text = sprintf("%-36s%11s", "  ours/a session of its own",
		ratio(o, key SUBSEP "own"))
	if ((key SUBSEP "openssl") in value)
		text = text "   ours/coap-client-openssl " \
			ratio(o, key SUBSEP "openssl")
	print text
}

END {
	for (key in all)
		value[key] = median(all[key])
	printf "%-24s%-12s%11s%14s%14s%7s\n", "work", "protocol", "ours/floor",
		"libcoap/floor", "ours/libcoap", "goal"
	for (i = 1; i <= count; i++) {
		split(rows[i], r, SUBSEP)
		proto = r[2]
		sub(/-.*/, "", proto)
		if (index(" " protocols " ", " " proto " ") == 0)
			continue
		if (works != "" && index(" " works " ", " " r[1] " ") == 0)
			continue
		key = r[1] SUBSEP r[2]
		note = value[key, "ours"] == "" ? "not in this build" : ""
		if (r[1] == "memory")
			print_memory(key, r[3], r[2], r[4])
		else
			print_speed(key, r[1], r[3], r[2], r[4])
		if (r[1] == "agent" && note == "")
			print_own(key)
	}
	print ""
	print "Ratios of speeds, over 1 is faster; in brackets what one core did."
	print "*     against itself with 1 session held"
	print "**    against itself one by one"
	print "***   whole process; floor is /bin/true, libcoap coap-client"
	print "+     the same, with what the server and the agent do; libcoap has a"
	print "      session of its own"
	print "++    the goal is for ours/libcoap; of notifications, which are CON, the"
	print "      request that has the resource change is a part"
	print "fails: not done after " limit " seconds, or a crash"
	print "****  of the server's heap, less is better; in KiB, not ratios;"
	print "      of the goal for ws and wss 6 KiB are libwebsockets' own"
}
