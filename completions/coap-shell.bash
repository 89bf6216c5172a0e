# SPDX-License-Identifier: BSD-2-Clause
# shellcheck shell=bash
# Completion of coap-shell in bash. The program itself knows the answers.

_coap_shell() {
	local line=${COMP_LINE:0:COMP_POINT} answer files='' nospace=''
	local -a answers=() values=()

	mapfile -t answers < <("$1" __complete --line "${line}" 2>/dev/null)
	for answer in "${answers[@]}"; do
		case ${answer} in
			:files) files=yes ;;
			:nospace) nospace=yes ;;
			*) values+=("${answer%%$'\t'*}") ;;
		esac
	done

	# bash takes a part of the word, behind the last of these, for the word.
	local word=${line##*[[:blank:]]} before=''
	[[ ${word} == [\"\']* ]] || before=${word%"${word##*[=:@]}"}

	# A file may stand behind "@" or "--name=".
	if [[ -n ${files} ]]; then
		compopt -o filenames
		local name=${word} start=''
		[[ ${word} == [-@]* ]] && name=${word##*[=@]}
		start=${word%"${name}"}
		mapfile -t answers < <(compgen -f -- "${name}")
		values+=("${answers[@]/#/${start}}")
	fi
	[[ -z ${nospace} ]] || compopt -o nospace
	mapfile -t COMPREPLY < <(
		((${#values[@]} == 0)) \
			|| printf '%s\n' "${values[@]#"${before}"}"
	)
}

complete -F _coap_shell coap-shell
