# SPDX-License-Identifier: MIT
#
# The part of tools/run that judges: looks into the output, and turns the addresses of a fault into functions and lines.
#
# The words below look at the whole log. grep_output leaves its lines in the global variable `output`, for compare_output_to.

namespace eval judge {
	# where the image of a component starts, and the platform page below it (kernel/abi)
	variable image_base 0x220000
	variable page_base 0x200000
	variable kernel_base 0xffffffff80000000
	# the kernel's boot code is below this
	variable boot_end 0x200000
}

# Sets `output` to the lines of the log that match; fails if there is none.
proc grep_output {pattern} {
	set ::output [join [judge::matching $pattern] "\n"]
	if {$::output eq ""} {
		runner::fail "no line of the output matches: $pattern"
	}
	runner::passed
}

# Each line of the log that matches is a check that has passed: for programs that run tests of their own.
proc count_checks {pattern} {
	foreach line [judge::matching $pattern] {
		runner::passed
	}
}

# Fails if a line of the log matches.
proc forbid_output {pattern} {
	set lines [judge::matching $pattern]
	if {[llength $lines]} {
		runner::fail "this must not appear in the output ($pattern):\n  [join $lines "\n  "]"
	}
	runner::passed
}

# Fails unless `output` is this text, line by line; indentation and empty lines do not count.
proc compare_output_to {text} {
	set want [judge::trimmed_lines $text]
	set got [judge::trimmed_lines $::output]
	if {$want eq $got} {
		runner::passed
		return
	}
	set report "the output differs from what is expected (- expected, + got):"
	for {set i 0} {$i < max([llength $want], [llength $got])} {incr i} {
		set a [lindex $want $i]
		set b [lindex $got $i]
		if {$i < [llength $want] && $i < [llength $got] && $a eq $b} {
			append report "\n    $a"
			continue
		}
		if {$i < [llength $want]} {
			append report "\n  - $a"
		}
		if {$i < [llength $got]} {
			append report "\n  + $b"
		}
	}
	runner::fail $report
}

# Where a text stands first in the scenario file, as messages say it: run/x.run:12. So expectations hold when lines move.
proc line_of {text} {
	set file [open $runner::path]
	set content [read $file]
	close $file
	set at [string first $text $content]
	if {$at < 0} {
		error "line_of: the scenario has no: $text"
	}
	return "[boot::shown_path $runner::path]:[expr {1 + [regexp -all "\n" [string range $content 0 $at-1]]}]"
}

# Whatever was denied is what the checker has found before, in the same words; it may not have proved what was denied, and whoever asks for
# no more than its manifest says was denied nothing else. What only shows when it runs is left out: refusals by servers, their end, and
# sessions beyond the number that a manifest declares.
proc judge::compare_denials {} {
	if {![file exists $runner::dir/requests]} {
		return
	}
	array set known {}
	foreach line [split [boot::read $runner::dir/requests] "\n"] {
		lassign [split $line "\t"] init client service label end
		lappend known([list $init $client $service $label]) $end
	}
	set found [boot::read $runner::dir/check]
	set count 0
	foreach line [matching {^\[init[^]]*\] denied: "[^"]*" asks for}] {
		if {![regexp {^\[([^]]*)\] (denied: "([^"]*)" asks for ([^,]*), label "([^"]*)": (.*))$} $line all init sentence client service label reason] ||
			[regexp {^(refused by|passed to|the server|out of|all \d+ session slots)} $reason]} {
			continue
		}
		incr count
		set ends [expr {[info exists known([list $init $client $service $label])] ? $known([list $init $client $service $label]) : ""}]
		if {"denied" in $ends && [string first "\[$init\] $sentence" $found] < 0} {
			runner::fail "the checker has found this denial, in other words:\n  $line\n$found"
		}
		if {"denied" ni $ends && ("proved" in $ends || [info exists known([list $init $client {} {}])] && $ends eq "")} {
			runner::fail "the checker has not found this denial, or a manifest does not declare the session (doc/manifest.md):\n  $line"
		}
	}
	if {$count} {
		runner::passed
	}
}

proc judge::matching {pattern} {
	return [lsearch -all -inline -regexp [split $machine::log "\n"] $pattern]
}

proc judge::trimmed_lines {text} {
	set lines {}
	foreach line [split $text "\n"] {
		set line [string trim $line]
		if {$line ne ""} {
			lappend lines $line
		}
	}
	return $lines
}

# After a failure: the last lines of the output, and where the last faults were.
proc judge::print_evidence {} {
	set lines [split [string trimright $machine::log "\n"] "\n"]
	if {$machine::log eq ""} {
		puts "--- there was no output"
		return
	}
	puts "--- the last lines of the output ($runner::dir/log)"
	puts [join [lrange $lines end-19 end] "\n"]
	foreach line [lrange [lsearch -all -inline -regexp $lines {backtrace: |^kernel:   rip }] end-3 end] {
		print_backtrace $line
	}
	puts "---"
}

# Prints the functions and lines of a backtrace if the line of the log is one; returns whether it is. Core says the boot module that a component's image is.
proc judge::print_backtrace {line} {
	set image ""
	if {[regexp {^kernel: +(backtrace:|rip) +(.*)$} $line all kind addresses]} {
		set label kernel
	} elseif {![regexp {^\[(.*?)\] (backtrace): +(?:(\S+) +)??(0x.*)$} $line all label kind image addresses]} {
		return 0
	}
	puts "--- $label: [string trimright $kind :]"
	set first 1
	foreach address [regexp -all -inline {0x[0-9a-fA-F]+} $addresses] {
		puts "  [describe [image_of $label $image $address] $address $first]"
		set first 0
		if {$kind eq "rip"} {
			break
		}
	}
	return 1
}

# One address in an image (an ELF, and what to subtract) as function and line. All but the first are return addresses: the call is before them.
proc judge::describe {image address first} {
	lassign $image elf offset
	if {$elf eq "" || ![file exists $elf]} {
		return "$address ?"
	}
	set at [format 0x%x [expr {$address - $offset - ($first ? 0 : 1)}]]
	if {[catch {exec addr2line -e $elf -f -p -i $at} text]} {
		return "$address ? ($elf: $text)"
	}
	return "$address $text"
}

# The ELF that an address belongs to, and what to subtract from the address to look it up there
proc judge::image_of {label module address} {
	variable image_base
	variable page_base
	variable kernel_base
	variable boot_end
	if {$address >= $kernel_base || ($label eq "kernel" && $address < $boot_end)} {
		return {build/kernel/kernel 0}
	}
	if {$label in {kernel core}} {
		return [list [boot::symbols_of core] 0]
	}
	if {$address >= $page_base && $address < $page_base + 0x10000} {
		return {build/bin/platform_page.elf 0}
	}
	return [list [boot::symbols_of $module] [expr {$image_base}]]
}
