# SPDX-License-Identifier: BSD-2-Clause
# shellcheck shell=bash
# Completion of coap-shell in bash. The program itself knows the answers.

# Print the files for $2, which may end in the midst of a name, each behind $1
# and as the format $3 has it; a folder has a slash at its end.
_coap_shell_files() {
	local name
	compgen -f -- "${2/#'~/'/${HOME}/}" | while IFS= read -r name; do
		[[ -d ${name} ]] && name+=/
		# shellcheck disable=SC2059 # it is one of two
		printf "%s$3\n" "$1" "${name}"
	done
}

# $2 is the part of the word that bash replaces.
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

	# What stands in front of that part is no part of an answer.
	local word=${line##*[[:blank:]]}
	local before=${word%"$2"}
	values=("${values[@]#"${before}"}")

	# A file may stand behind "@" or "--name=". With "@" in front of it bash
	# knows none, and leaves its quotes and slashes to us.
	if [[ -n ${files} ]]; then
		local name=$2 start='' format=%q
		[[ ${name} == -*=* ]] && start=${name%%=*}= name=${name#*=}
		[[ ${name} == @* ]] && start+=@ name=${name#@}
		# Names that have a backslash themselves are not completed.
		name=${name//\\/}
		if [[ -z ${start} ]]; then
			compopt -o filenames
			mapfile -t answers < <(compgen -f -- "${name}")
		else
			[[ ${line} == *[\"\']"$2" ]] && format=%s
			mapfile -t answers < <(
				_coap_shell_files "${start}" "${name}" \
					"${format}"
			)
			[[ ${answers[0]-} != */ ]] || nospace=yes
		fi
		values+=("${answers[@]}")
	fi
	[[ -z ${nospace} ]] || compopt -o nospace
	COMPREPLY=("${values[@]}")
}

complete -F _coap_shell coap-shell
