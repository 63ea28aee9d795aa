//! However bytes are cut on their way, they mean the same; and no bytes make the parser panic.

use super::{Fault, Noise, read_in_steps};

const HEADS: &[&str] = &[
    "GET / HTTP/1.1\r\nHost: a\r\n\r\n",
    "\r\n\r\nGET / HTTP/1.1\r\nHost: a\r\n\r\n",
    "POST /x HTTP/1.1\r\nHost: a\r\nContent-Length: 5\r\nX: y z\r\nConnection: close\r\n\r\n",
    "POST /x HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n",
    "GET / HTTP/1.1\nHost: a\n\n",
    "GET / HTTP/1.1\r\nHost: a\r\n\n",
    "GET / HTTP/1.1\r\nHost a\r\n\r\n",
    "GET / HTTP/3.0\r\nHost: a\r\n\r\n",
    "GET / HTTP/1.1\r\n\r\n",
    "G@T / HTTP/1.1\r\nHost: a\r\n\r\n",
    "\r\nX",
];

/// What was read, in a form that can be compared.
fn outcome(bytes: &[u8], step: usize) -> Result<Option<String>, Fault> {
    Ok(read_in_steps(bytes, step)?.map(|head| format!("{head:?}")))
}

#[test]
fn heads_read_the_same_in_any_steps() {
    for head in HEADS {
        let whole = outcome(head.as_bytes(), head.len());
        for step in 1..head.len() {
            assert_eq!(outcome(head.as_bytes(), step), whole, "{head:?} in steps of {step}");
        }
    }
}

#[test]
fn noise_never_panics_and_reads_the_same_in_any_steps() {
    let mut noise = Noise(0x5eed_0001);
    let mut taken = 0;
    for round in super::rounds(20_000) {
        let mut bytes = HEADS[noise.below(HEADS.len())].as_bytes().to_vec();
        for _ in 0..noise.below(3) {
            let at = noise.below(bytes.len());
            match noise.below(4) {
                0 => bytes[at] = noise.below(256) as u8,
                1 => bytes.insert(at, b"\r\n :\t,;\0"[noise.below(8)]),
                2 if bytes.len() > 1 => drop(bytes.remove(at)),
                _ => bytes.truncate(at + 1),
            }
        }
        let whole = outcome(&bytes, bytes.len());
        let step = 1 + noise.below(7);
        assert_eq!(outcome(&bytes, step), whole, "round {round}: {:?}", String::from_utf8_lossy(&bytes));
        taken += usize::from(matches!(whole, Ok(Some(_))));
    }
    assert!(taken > 1000, "the noise is too loud to test anything: {taken}");
}
