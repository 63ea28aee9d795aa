//! One side of one case in a process of its own, so that a tool can watch it alone.

use std::io::{self, BufRead, BufReader, Read};
use std::net::SocketAddr;
use std::process::{Child, Command, ExitCode, Stdio};

use minato_benches::{Case, Side, find};

/// The argument that makes this program the child: case, side, operations.
pub(crate) const MODE: &str = "--child";

/// Which of the sides.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) enum Which {
    Ours,
    Theirs,
    /// A further peer.
    Other(&'static str),
}

impl Which {
    pub(crate) const BOTH: [Self; 2] = [Self::Ours, Self::Theirs];

    fn name(self) -> &'static str {
        match self {
            Self::Ours => "ours",
            Self::Theirs => "theirs",
            Self::Other(name) => name,
        }
    }

    /// The side of that name.
    fn of(name: &str, case: &Case) -> Option<Side> {
        match name {
            "ours" => Some(case.ours),
            "theirs" => Some(case.theirs),
            name => case.others.iter().find(|other| other.name == name).map(|other| other.side),
        }
    }
}

/// The child: does the work, or serves until its input ends.
pub(crate) fn run(arguments: &[String]) -> ExitCode {
    let [case, which, operations] = arguments else { return ExitCode::FAILURE };
    let (Some(case), Ok(operations)) = (find(case), operations.parse()) else { return ExitCode::FAILURE };
    let Some(side) = Which::of(which, case) else { return ExitCode::FAILURE };
    match side {
        Side::Inside(work) => work(case.workers)(operations),
        Side::Server { serve, .. } => {
            println!("{}", serve(case.workers));
            let ended = io::stdin().read_to_end(&mut Vec::new());
            assert!(ended.is_ok(), "the parent holds the input");
        }
    }
    // Server threads do not end by themselves.
    std::process::exit(0)
}

/// Runs a side for some operations under a tool, and returns what the tool wrote to standard error.
///
/// A server alone is under the tool; its client is here.
pub(crate) fn under(tool: &mut Command, case: &Case, which: Which, operations: u64) -> io::Result<String> {
    let mut child = tool
        .arg(std::env::current_exe()?)
        .args([MODE, case.name, which.name(), &operations.to_string()])
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()?;
    if let Some(Side::Server { load, .. }) = Which::of(which.name(), case) {
        let address = address(&mut child)?;
        load(address)(operations);
    }
    drop(child.stdin.take());
    let output = child.wait_with_output()?;
    let text = String::from_utf8_lossy(&output.stderr).into_owned();
    if output.status.success() { Ok(text) } else { Err(io::Error::other(text)) }
}

fn address(child: &mut Child) -> io::Result<SocketAddr> {
    let mut line = String::new();
    if let Some(stdout) = &mut child.stdout {
        BufReader::new(stdout).read_line(&mut line)?;
    }
    line.trim().parse().map_err(|_| io::Error::other("the child did not tell its address"))
}

/// Whether a program can be run.
pub(crate) fn is_present(program: &str) -> bool {
    let version = Command::new(program).arg("--version").stdout(Stdio::null()).stderr(Stdio::null()).status();
    version.is_ok_and(|status| status.success())
}

/// What one operation adds to a figure: the difference of a short and a long run leaves the beginning and the end out.
pub(crate) fn per_operation(
    [few, many]: [u64; 2],
    mut figure: impl FnMut(u64) -> io::Result<f64>,
) -> io::Result<f64> {
    Ok((figure(many)? - figure(few)?) / (many - few) as f64)
}
