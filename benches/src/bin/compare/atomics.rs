//! Atomic read-modify-writes per operation.
//!
//! callgrind counts how often each instruction of each object ran; `objdump` says which of them have a `lock` prefix, or
//! are an exchange with memory, which locks by itself. This counts what code says, wherever it is: also in the allocator
//! and in the standard library. x86-64 only.

use std::collections::{HashMap, HashSet};
use std::io;
use std::path::PathBuf;
use std::process::Command;

use minato_benches::Case;

use crate::child::{Which, is_present, per_operation, under};
use crate::instructions::{RUNS, per_side};

/// Prints the atomic operations of the process: of the server alone, where there is one.
pub(crate) fn run(cases: &[&Case]) {
    if !cfg!(target_arch = "x86_64") || !is_present("valgrind") || !is_present("objdump") {
        println!("Atomic operations are skipped: they need x86-64, valgrind and objdump.");
        return;
    }
    per_side(cases, "atomics", atomics);
}

fn atomics(case: &Case, which: Which) -> io::Result<f64> {
    let mut locked = Locked::default();
    per_operation(RUNS, |operations| {
        let counts: PathBuf = std::env::temp_dir().join(format!("minato-atomics-{}", std::process::id()));
        let mut valgrind = Command::new("valgrind");
        valgrind
            .args(["--tool=callgrind", "--dump-instr=yes", "--compress-strings=no", "--compress-pos=no"])
            .args(["--combine-dumps=yes", "--fair-sched=yes"])
            .arg(format!("--callgrind-out-file={}", counts.display()));
        under(&mut valgrind, case, which, operations)?;
        let profile = std::fs::read_to_string(&counts)?;
        std::fs::remove_file(&counts)?;
        Ok(count(&profile, &mut locked) as f64)
    })
}

/// How often a locked instruction ran.
fn count(profile: &str, locked: &mut Locked) -> u64 {
    let mut object = "";
    let mut total = 0;
    // The line after `calls=` is what the callee cost, not an instruction of its own.
    let mut is_call = false;
    for line in profile.lines() {
        if let Some(name) = line.strip_prefix("ob=") {
            object = name;
        } else if line.starts_with("calls=") {
            is_call = true;
        } else if line.starts_with("0x") && !std::mem::take(&mut is_call) {
            let mut fields = line.split_ascii_whitespace();
            let address = fields.next().and_then(|text| u64::from_str_radix(&text[2..], 16).ok());
            let cost = fields.nth(1).and_then(|text| text.parse::<u64>().ok());
            if let (Some(address), Some(cost)) = (address, cost)
                && locked.contains(object, address)
            {
                total += cost;
            }
        }
    }
    total
}

/// The locked instructions of the objects met so far.
#[derive(Default)]
struct Locked(HashMap<String, HashSet<u64>>);

impl Locked {
    fn contains(&mut self, object: &str, address: u64) -> bool {
        if let Some(addresses) = self.0.get(object) {
            return addresses.contains(&address);
        }
        let addresses = disassemble(object);
        let is_locked = addresses.contains(&address);
        self.0.insert(object.to_owned(), addresses);
        is_locked
    }
}

/// The addresses of the locked instructions of an object; none if it cannot be read.
fn disassemble(object: &str) -> HashSet<u64> {
    let output = Command::new("objdump").args(["--disassemble", "--no-show-raw-insn", object]).output();
    let Ok(output) = output else { return HashSet::new() };
    let text = String::from_utf8_lossy(&output.stdout);
    let locked = |line: &str| -> Option<u64> {
        let (address, instruction) = line.trim_start().split_once(':')?;
        let instruction = instruction.trim_start();
        // An exchange of two registers is no atomic operation, and serves as padding.
        let is_locked = instruction.starts_with("lock ")
            || (instruction.starts_with("xchg") && instruction.contains('('));
        if is_locked { u64::from_str_radix(address, 16).ok() } else { None }
    };
    text.lines().filter_map(locked).collect()
}
