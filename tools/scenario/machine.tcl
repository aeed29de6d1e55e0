# SPDX-License-Identifier: MIT
#
# The part of tools/run that holds the machine: starts QEMU, streams its serial line to the terminal and into the log, passes
# keystrokes to it, waits for patterns, and makes sure that it is gone in the end.
#
# `log` holds all output; `seen` is the index up to which run_until has consumed it. A panic or the end of the machine fails
# the wait at once, unless the pattern is in the output by then.

namespace eval machine {
	variable arguments {}
	variable memory 256
	variable id ""
	variable pid ""
	variable status ""
	variable log ""
	variable held ""
	variable seen 0
	# where the line begins that is under way, and how many more backtraces are explained as they come
	variable line 0
	variable explain_max 16
	variable file ""
	variable keyboard ""
	variable prefix_key 0
	variable leak_check 1
	# under -icount who waits for time to pass waits as long as so many instructions take
	variable icount_patience 5
	# CPUs that spin for the kernel lock while the one that has it waits for a processor of the host get ahead slowly
	variable smp_patience 5
	# a pattern may span at most this many characters of output
	variable window 65536
	variable debug_exit {-device isa-debug-exit,iobase=0xf4,iosize=4}
	variable ends {33 success 35 failure 37 panic 0 off}
}

# Runs the machine until its output, after what the run_until before has matched, matches the regular expression. Returns the
# match and its parts. Fails when the seconds are over, the kernel panics or the machine ends.
# `run_until forever` runs until the machine ends or the user leaves.
proc run_until {pattern {seconds ""}} {
	if {$pattern eq "forever"} {
		leak_check none {runs until someone leaves}
		machine::start
		while {[machine::pump 3600] ne "end"} {}
		return
	}
	if {![string is integer -strict $seconds]} {
		error "run_until PATTERN SECONDS: expected a number of seconds, got \"$seconds\""
	}
	return [machine::wait_for match $pattern $seconds]
}

# The same for what comes in no certain order: output from the beginning counts.
proc run_until_seen {pattern seconds} {
	machine::wait_for anywhere $pattern $seconds
}

proc machine::anywhere {pattern} {
	return [regexp -inline -lineanchor -- $pattern $machine::log]
}

# Pumps until the pattern is found by `look`; returns what that does.
proc machine::wait_for {look pattern seconds} {
	machine::start
	set deadline [machine::deadline $seconds]
	while 1 {
		set trouble [machine::trouble [expr {[clock milliseconds] >= $deadline}]]
		set match [$look $pattern]
		if {[llength $match]} {
			machine::finish_line
			runner::passed
			return $match
		}
		if {$trouble ne ""} {
			runner::fail "$trouble, while waiting $seconds s for: $pattern"
		}
		machine::pump [expr {($deadline - [clock milliseconds]) / 1000.0}]
	}
}

# A pattern may match before its line is complete; what judges the log afterwards wants whole lines. A prompt never becomes one.
proc machine::finish_line {} {
	set deadline [expr {[clock milliseconds] + 1000}]
	while {[string index $machine::log end] ne "\n" && [clock milliseconds] < $deadline && [machine::pump 1] ne "end"} {}
}

# A machine like those of metal, on which nothing but ACPI switches the power off.
proc machine_without_debug_exit {} {
	set machine::debug_exit {}
}

# Waits for the end of the machine, which must be: success or failure (how init ended), panic, or off (by ACPI).
proc expect_end {how seconds} {
	machine::start
	if {![machine::drain $seconds]} {
		runner::fail "the machine did not end within $seconds s"
	}
	if {![dict exists $machine::ends $machine::status] || [dict get $machine::ends $machine::status] ne $how} {
		runner::fail "[machine::end_text]; expected: $how"
	}
	runner::passed
}

# `leak_check none {why}` does without the leak check: for scenarios in which init itself ends.
proc leak_check {what why} {
	if {$what ne "none" || [string trim $why] eq ""} {
		error "leak_check none {why}: the reason is needed"
	}
	set machine::leak_check 0
}

# Types text on the serial line.
proc send_serial {text} {
	machine::start
	send -i $machine::id -- [encoding convertto utf-8 $text]
}

# Why there is no use in waiting on, or ""; after a panic only when all that it prints is there.
proc machine::trouble {late} {
	variable status
	if {[panicked]} {
		drain 2
		return "the kernel panicked"
	}
	if {$status ne ""} {
		return [end_text]
	}
	return [expr {$late ? "nothing matched" : ""}]
}

# When to stop waiting, in milliseconds: never while somebody debugs the machine.
proc machine::deadline {seconds} {
	if {[runner::setting GDB_SOCKET ""] ne ""} {
		set seconds 1000000
	}
	if {[runner::setting ICOUNT 0]} {
		set seconds [expr {$seconds * $machine::icount_patience}]
	}
	if {[runner::setting CPUS 1] > 1} {
		set seconds [expr {$seconds * $machine::smp_patience}]
	}
	return [expr {[clock milliseconds] + 1000 * $seconds}]
}

# What lets gdb in, and what records a run so that it can be repeated (tools/debug)
proc machine::debug_arguments {} {
	set arguments {}
	set socket [runner::setting GDB_SOCKET ""]
	if {$socket ne ""} {
		lappend arguments -S -gdb unix:$socket,server=on,wait=off
	}
	if {[runner::setting RECORD 0]} {
		set disk [file normalize $runner::dir/snapshots.qcow2]
		exec qemu-img create -q -f qcow2 $disk 1G
		lappend arguments -rtc base=2026-01-01T00:00:00,clock=vm -drive file=$disk,if=none,id=snapshots \
			-icount shift=auto,rr=record,rrfile=[file normalize $runner::dir/record],rrsnapshot=start
	}
	return $arguments
}

# What repeats a recorded run is the command that made it, but for one word, on the same kernel.
proc machine::note_replay {command} {
	set kernel [file normalize $runner::dir/kernel32]
	file copy -force [boot::built kernel32] $kernel
	set file [open $runner::dir/replay w]
	puts $file [join [lmap word $command {string map [list rr=record rr=replay $::root/[boot::built kernel32] $kernel] $word}] "\n"]
	close $file
}

# The arguments of QEMU for the image that was built.
proc machine::command {} {
	variable arguments
	variable debug_exit
	variable memory
	set command [list qemu-system-x86_64 -machine q35 -accel tcg -cpu max -m [runner::setting MEM $memory] \
		-display none -nic none -no-reboot -serial stdio -monitor none {*}$debug_exit]
	if {[runner::setting ICOUNT 0]} {
		lappend command -icount shift=0,sleep=[runner::setting ICOUNT_SLEEP off] -rtc base=2026-01-01T00:00:00,clock=vm
	}
	set cpus [runner::setting CPUS ""]
	if {$cpus ne ""} {
		lappend command -smp $cpus
	}
	# each CPU a thread of its own, but for runs that are to repeat exactly
	if {$cpus ne "" && $cpus > 1 && "-icount" ni [concat $command $arguments]} {
		lappend command -accel tcg,thread=multi
	}
	switch -- [boot::mode] {
		direct { lappend command -kernel $::root/[boot::built kernel32] -initrd [join $boot::modules ,] }
		iso { lappend command -boot d -cdrom [file normalize $boot::image] }
		uefi { lappend command -bios /usr/share/ovmf/OVMF.fd -cdrom [file normalize $boot::image] }
	}
	return [concat $command [debug_arguments] $arguments [runner::setting QEMU_ARGS ""]]
}

# Starts the machine if it does not run yet. -initrd names its modules relative to the boot directory.
proc machine::start {} {
	variable id
	variable pid
	variable file
	variable status
	if {$id ne "" || $status ne ""} {
		return
	}
	if {$boot::image eq ""} {
		error "run_until: build_boot_image comes first"
	}
	set file [open $runner::dir/log w]
	fconfigure $file -buffering line
	set command [command]
	if {[runner::setting DEBUG 0]} {
		puts "run: $command"
	}
	if {[runner::setting RECORD 0]} {
		note_replay $command
	}
	set back [pwd]
	cd $runner::dir/boot
	# it ends with this program, however that ends; a recording is complete only when QEMU itself ends it
	set pid [spawn -noecho setpriv --pdeathsig [expr {[runner::setting RECORD 0] ? "TERM" : "KILL"}] {*}$command]
	cd $back
	set id $spawn_id
	fconfigure $id -encoding binary
	match_max -i $id 65536
	open_keyboard
}

# Keystrokes go to the machine one by one if there is a terminal; Ctrl-C stays the signal that it is.
proc machine::open_keyboard {} {
	variable keyboard
	if {[catch {exec stty -g <@stdin} terminal]} {
		return
	}
	# The terminal is put back as it was when this program is gone, whatever ended it.
	open [list | sh -c "trap '' INT HUP TERM TTOU; cat; stty $terminal <[exec tty <@stdin]"] w
	exec stty -icanon -echo min 1 time 0 <@stdin
	set keyboard $::user_spawn_id
}

# Passes keystrokes on. Ctrl-A X leaves, Ctrl-A Ctrl-A is Ctrl-A.
proc machine::handle_keys {keys} {
	variable prefix_key
	variable id
	foreach key [split $keys ""] {
		if {!$prefix_key && $key eq "\x01"} {
			set prefix_key 1
		} elseif {$prefix_key && $key in {x X}} {
			runner::interrupted "Ctrl-A X" 130
		} else {
			set prefix_key 0
			send -i $id -- [encoding convertto utf-8 $key]
		}
	}
}

# Waits for output, at most so many seconds. Returns data, end (of the machine) or timeout.
proc machine::pump {seconds} {
	variable id
	variable keyboard
	if {$id eq ""} {
		return end
	}
	set timeout [expr {max(1, int(ceil($seconds)))}]
	set event timeout
	set cases [list -i $id -re ".+" { set event data; take_output $expect_out(buffer) } eof { set event end } timeout {}]
	if {$keyboard ne ""} {
		lappend cases -i $keyboard -re ".+" { set event data; handle_keys $expect_out(buffer) } eof {
			runner::interrupted "the end of the terminal" 129
		}
	}
	expect {*}$cases
	if {$event eq "end"} {
		reap
	}
	return $event
}

# Shows and records output, which is UTF-8, without carriage returns and escape sequences (which firmware prints); a sequence, or a character, that is
# cut at the end of what arrived is held back.
proc machine::take_output {text} {
	variable log
	variable held
	variable file
	set text $held$text
	set held ""
	if {[regexp -indices {(\x1b(\[[0-9;=?]*)?|[\xc0-\xdf]|[\xe0-\xef][\x80-\xbf]?|[\xf0-\xf7][\x80-\xbf]{0,2})$} $text cut]} {
		set held [string range $text [lindex $cut 0] end]
		set text [string range $text 0 [lindex $cut 0]-1]
	}
	regsub -all {\x1b\[[0-9;=?]*[A-Za-z]|\r} [encoding convertfrom utf-8 $text] "" text
	puts -nonewline $file $text
	foreach piece [regexp -all -inline {[^\n]*\n|[^\n]+} $text] {
		append log $piece
		puts -nonewline stdout $piece
		if {[string index $piece end] eq "\n"} {
			explain
		}
	}
	flush stdout
}

# If the line that has just ended is a backtrace, shows it as functions and lines; the log keeps what the machine said.
proc machine::explain {} {
	variable log
	variable line
	variable explain_max
	if {$explain_max && [judge::print_backtrace [string range $log $line end-1]]} {
		incr explain_max -1
	}
	set line [string length $log]
}

# Matches the output after what was matched before; moves on past the match. Returns the match and its parts, or {}.
proc machine::match {pattern} {
	variable log
	variable seen
	variable window
	set from [expr {max($seen, [string length $log] - $window)}]
	if {![regexp -indices -start $from -- $pattern $log where]} {
		return {}
	}
	set match [regexp -inline -start $from -- $pattern $log]
	set seen [expr {[lindex $where 1] + 1}]
	return $match
}

proc machine::panicked {} {
	variable log
	return [regexp -start [expr {max(0, [string length $log] - 65536)}] {(^|\n)kernel: panic} $log]
}

# Reads on until the machine ends, at most so many seconds. Returns whether it ended.
proc machine::drain {seconds} {
	set deadline [deadline $seconds]
	while {[clock milliseconds] < $deadline} {
		if {[pump [expr {($deadline - [clock milliseconds]) / 1000.0}]] eq "end"} {
			return 1
		}
	}
	return 0
}

# Notes how QEMU ended.
proc machine::reap {} {
	variable id
	variable pid
	variable status
	catch {close -i $id}
	set result [wait -i $id]
	set id ""
	set pid ""
	set status [lindex $result 3]
	if {[llength $result] > 4} {
		set status [lindex $result 5]
	}
}

# How the machine ended, in words
proc machine::end_text {} {
	variable status
	switch -- $status {
		33 { return "init ended successfully, and the machine with it" }
		35 { return "init ended with a failure, and the machine with it" }
		37 { return "the kernel panicked" }
		0 { return "the machine reset or switched itself off" }
		default { return "QEMU ended with $status" }
	}
}

# At the end of the scenario: every child goes, and the accounts must be what they were before the first one started.
proc machine::finish {} {
	variable leak_check
	variable id
	variable status
	variable log
	if {$id eq "" && $status eq ""} {
		error "the scenario never ran the machine (run_until)"
	}
	if {!$leak_check} {
		return
	}
	if {$status ne ""} {
		runner::fail "[end_text], before the leak check"
	}
	set from [string length $log]
	send -i $id -- q
	set deadline [deadline 20]
	while {$status eq "" && ![panicked] && ![regexp -start $from {ledger: [^\n]*\n} $log]} {
		if {[clock milliseconds] >= $deadline} {
			runner::fail "the leak check got no answer (ledger: clean) within 20 s"
		}
		pump [expr {($deadline - [clock milliseconds]) / 1000.0}]
	}
	drain 5
	if {[panicked]} {
		runner::fail "the kernel panicked in the leak check"
	}
	set lines [regexp -all -inline -line -start $from {ledger: .*$} $log]
	if {![llength $lines]} {
		runner::fail "[end_text], without an answer to the leak check (ledger: clean)"
	}
	if {$lines ne {{ledger: clean}}} {
		runner::fail "the leak check found differences:\n  [join $lines "\n  "]"
	}
	if {$status != 33} {
		runner::fail "after a clean leak check the machine should have ended successfully; [expr {$status eq "" ?
			"it runs on" : [end_text]}]"
	}
	runner::passed
}

# Ends QEMU, if it runs.
proc machine::stop {} {
	variable pid
	if {$pid ne "" && [runner::setting RECORD 0]} {
		catch {exec kill -TERM $pid}
		catch {drain 5}
	}
	if {$pid ne ""} {
		catch {exec kill -KILL $pid}
		catch {reap}
	}
}
