#!/usr/bin/env bash
# SPDX-License-Identifier: BSD-2-Clause
# Keys and certificates for the end-to-end tests, made anew for each file of
# tests: `make_pki` in setup_file. They are in the folder ${pki}:
#
#   ca.pem        the CA; other-ca.pem is one that signed none of these but
#                 stranger.pem
#   server.pem    for localhost, device.example, 127.0.0.1 and ::1, like these:
#     rsa.pem       with an RSA key
#     chain.pem     signed by a CA between, which is in the file
#     expired.pem   until yesterday
#     future.pem    from tomorrow on
#     revoked.pem   named by the list in ca+crl.pem
#     self.pem      signed by itself
#     stranger.pem  signed by other-ca.pem
#   elsewhere.pem for elsewhere.example alone
#   client.pem    for a client; intruder.pem too, signed by other-ca.pem
#   NAME.key      the key of NAME.pem; NAME+key.pem has both
#   rpk.key       a raw key, its public half in rpk.pub; rpk2.* another one
#   psk.key       a shared key as text, psk.hex in hex; wrong.* another one
#
# All key files are of mode 0600.

psk_key=sesame-open-1234
psk_wrong=sesame-shut-4321

# A new EC key for the name $1.
make_key() {
	openssl ecparam -name prime256v1 -genkey -noout -out "${pki}/$1.key"
}

# A certificate for the name $1 with its own key; $2 signs it ("self": nobody
# else). Standard input is the rest of certtool's template.
make_cert() {
	local name=$1 signer=$2
	local -a how=(--generate-self-signed)
	[[ -e ${pki}/${name}.key ]] || make_key "${name}"
	[[ ${signer} == self ]] || how=(--generate-certificate
		--load-ca-certificate "${pki}/${signer}.pem"
		--load-ca-privkey "${pki}/${signer}.key")
	{
		# What comes first counts.
		cat
		printf 'cn = "%s"\n' "${name}"
		printf 'activation_date = "%s"\n' "${yesterday}"
		printf 'expiration_date = "%s"\n' "${tomorrow}"
	} >"${pki}/${name}.template"
	certtool "${how[@]}" --no-text --hash SHA256 \
		--template "${pki}/${name}.template" \
		--load-privkey "${pki}/${name}.key" \
		--outfile "${pki}/${name}.pem" 2>>"${pki}/log"
}

# A certificate for the names that the tests' servers have, with the lines "$3"
# of a template.
make_server_cert() {
	make_cert "$1" "$2" <<-EOF
		dns_name = localhost
		dns_name = device.example
		ip_address = 127.0.0.1
		ip_address = ::1
		tls_www_server
		signing_key
		${3:-}
	EOF
}

# Those that are only there to be refused.
make_bad_certs() {
	local day_before day_after
	day_before=$(date -u -d '-2 days' '+%F %T')
	day_after=$(date -u -d '+2 days' '+%F %T')
	make_server_cert expired ca "activation_date = \"${day_before}\"
		expiration_date = \"${yesterday}\""
	make_server_cert future ca "activation_date = \"${tomorrow}\"
		expiration_date = \"${day_after}\""
	make_server_cert self self
	make_server_cert stranger other-ca
	make_cert intruder other-ca <<<$'tls_www_client\nsigning_key'
	make_cert elsewhere ca <<-EOF
		dns_name = elsewhere.example
		tls_www_server
		signing_key
	EOF
	make_server_cert revoked ca 'serial = 4711'
	printf 'crl_number = 1\ncrl_next_update = 3\n' >"${pki}/crl.template"
	certtool --generate-crl --template "${pki}/crl.template" \
		--load-ca-privkey "${pki}/ca.key" \
		--load-ca-certificate "${pki}/ca.pem" \
		--load-certificate "${pki}/revoked.pem" \
		--outfile "${pki}/crl.pem" 2>>"${pki}/log" >/dev/null
	cat "${pki}/ca.pem" "${pki}/crl.pem" >"${pki}/ca+crl.pem"
}

# Raw keys. The file of a key has the public half too, as SPKI.
make_raw_keys() {
	local name
	for name in rpk rpk2; do
		make_key "${name}"
		openssl pkey -in "${pki}/${name}.key" -pubout \
			-out "${pki}/${name}.pub"
	done
}

make_psks() {
	printf '%s\n' "${psk_key}" >"${pki}/psk.key"
	printf '%s' "${psk_key}" | xxd -p >"${pki}/psk.hex"
	printf '%s\n' "${psk_wrong}" >"${pki}/wrong.key"
	printf '%s' "${psk_wrong}" | xxd -p >"${pki}/wrong.hex"
}

# Make all of them in a folder of this file of tests. Exports pki.
make_pki() {
	local name yesterday tomorrow authority=$'ca\ncert_signing_key\ncrl_signing_key'
	export pki=${BATS_FILE_TMPDIR}/pki
	yesterday=$(date -u -d '-1 day' '+%F %T')
	tomorrow=$(date -u -d '+1 day' '+%F %T')
	mkdir -p "${pki}"
	umask 077
	make_cert ca self <<<"${authority}" || return 1
	make_cert other-ca self <<<"${authority}"
	make_cert middle-ca ca <<<"${authority}"
	make_server_cert server ca
	openssl genrsa -out "${pki}/rsa.key" 2048 2>>"${pki}/log"
	make_server_cert rsa ca encryption_key
	make_server_cert chain middle-ca
	cat "${pki}/middle-ca.pem" >>"${pki}/chain.pem"
	make_cert client ca <<<$'tls_www_client\nsigning_key'
	make_bad_certs
	make_raw_keys
	make_psks
	for name in "${pki}"/*.pem; do
		name=${name%.pem}
		[[ ! -e ${name}.key ]] \
			|| cat "${name}.pem" "${name}.key" >"${name}+key.pem"
	done
}
