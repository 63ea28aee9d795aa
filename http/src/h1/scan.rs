//! Finds the end of a head, line by line, without looking at a byte twice.

use super::Fault;
use crate::limits::BLANK_BYTES;

/// The bounds of one head.
#[derive(Debug, Clone, Copy)]
pub(crate) struct HeadLimits {
    pub(crate) bytes_max: usize,
    pub(crate) fields_max: usize,
    /// Bounds the first line too, so that an endless one is refused before the head is full.
    pub(crate) target_bytes_max: usize,
}

/// Where a head lies in the bytes scanned.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct HeadSpan {
    /// Blank bytes before it.
    pub(crate) skip: usize,
    /// Its length from the first line to the blank line, both included.
    pub(crate) len: usize,
    /// Lines between the first and the blank one.
    pub(crate) fields: usize,
}

/// What is allowed to stand before the first line, and whether there is a first line at all.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Section {
    /// A request or response head: a start line, then fields.
    Head,
    /// A trailer section: fields only.
    Trailer,
}

/// Remembers how far a head has been scanned while its bytes arrive.
#[derive(Debug)]
pub(crate) struct Scan {
    section: Section,
    skip: usize,
    line_start: usize,
    scanned: usize,
    lines: usize,
    /// Lines may end with LF alone.
    takes_bare_lf: bool,
    /// What was found, for a caller that asks again.
    found: Option<HeadSpan>,
}

impl Scan {
    pub(crate) fn new(section: Section) -> Self {
        Self { section, skip: 0, line_start: 0, scanned: 0, lines: 0, takes_bare_lf: false, found: None }
    }

    /// The same, of a head whose lines may end with LF alone.
    pub(crate) fn taking_bare_lf(mut self, takes: bool) -> Self {
        self.takes_bare_lf = takes;
        self
    }

    /// Looks on through `bytes`, which start where they started in earlier calls.
    ///
    /// `Ok(None)` asks for more bytes. Line ends are checked here; what the lines say is not.
    pub(crate) fn advance(&mut self, bytes: &[u8], limits: &HeadLimits) -> Result<Option<HeadSpan>, Fault> {
        if self.found.is_some() {
            return Ok(self.found);
        }
        if self.section == Section::Head && self.lines == 0 && self.line_start == self.skip {
            self.skip_blank(bytes)?;
        }
        while let Some(at) = memchr::memchr(b'\n', &bytes[self.scanned..]) {
            let end = self.scanned + at;
            // RFC 9112 §2.2: a recipient may take a bare LF as a line end. By default we do not: it is how requests are split.
            let is_bare = end == self.line_start || bytes[end - 1] != b'\r';
            if is_bare && !self.takes_bare_lf {
                return Err(Fault::LineEnd);
            }
            self.scanned = end + 1;
            let blank = end - self.line_start == usize::from(!is_bare);
            if self.scanned - self.skip > limits.bytes_max {
                return Err(self.too_long());
            }
            if blank {
                let fields = match self.section {
                    Section::Head => self.lines.saturating_sub(1),
                    Section::Trailer => self.lines,
                };
                self.found = Some(HeadSpan { skip: self.skip, len: self.scanned - self.skip, fields });
                return Ok(self.found);
            }
            self.check_first_line(bytes, end, limits)?;
            self.lines += 1;
            self.line_start = self.scanned;
            let fields_max = limits.fields_max + usize::from(self.section == Section::Head);
            if self.lines > fields_max {
                return Err(Fault::TooManyFields);
            }
        }
        self.scanned = bytes.len();
        if self.scanned - self.skip > limits.bytes_max {
            return Err(self.too_long());
        }
        self.check_first_line(bytes, bytes.len(), limits)?;
        Ok(None)
    }

    /// Whether a byte of the head itself has been seen.
    pub(crate) fn has_begun(&self) -> bool {
        self.scanned > self.skip
    }

    // RFC 9112 §2.2: a server should ignore at least one empty line received before the request line.
    fn skip_blank(&mut self, bytes: &[u8]) -> Result<(), Fault> {
        while let Some(&byte) = bytes.get(self.skip) {
            match byte {
                b'\r' if self.skip.is_multiple_of(2) => {}
                b'\n' if !self.skip.is_multiple_of(2) => {}
                b'\r' | b'\n' => return Err(Fault::LineEnd),
                _ if !self.skip.is_multiple_of(2) => return Err(Fault::LineEnd),
                _ if !is_token_byte(byte) => return Err(Fault::Method),
                _ => break,
            }
            self.skip += 1;
            if self.skip > BLANK_BYTES {
                return Err(Fault::LineEnd);
            }
        }
        self.line_start = self.skip;
        self.scanned = self.scanned.max(self.skip);
        Ok(())
    }

    fn check_first_line(&self, bytes: &[u8], end: usize, limits: &HeadLimits) -> Result<(), Fault> {
        if self.lines > 0 || self.section == Section::Trailer {
            return Ok(());
        }
        let line = &bytes[self.line_start..end];
        // The method and the target are measured one by one, so that each gets its own answer.
        let method = memchr::memchr(b' ', &line[..line.len().min(crate::limits::METHOD_BYTES + 1)]);
        let Some(method) = method else {
            return match line.len() > crate::limits::METHOD_BYTES {
                true => Err(Fault::MethodTooLong),
                false => Ok(()),
            };
        };
        let rest = &line[method + 1..];
        if rest.len() <= limits.target_bytes_max {
            return Ok(());
        }
        match memchr::memchr(b' ', &rest[..limits.target_bytes_max + 1]) {
            Some(_) => Ok(()),
            None => Err(Fault::TargetTooLong),
        }
    }

    fn too_long(&self) -> Fault {
        match self.section {
            Section::Head => Fault::HeadTooLong,
            Section::Trailer => Fault::TrailerTooLong,
        }
    }
}

/// RFC 9110 §5.6.2: tchar.
pub(crate) const fn is_token_byte(byte: u8) -> bool {
    byte.is_ascii_alphanumeric()
        || matches!(
            byte,
            b'!' | b'#'
                | b'$'
                | b'%'
                | b'&'
                | b'\''
                | b'*'
                | b'+'
                | b'-'
                | b'.'
                | b'^'
                | b'_'
                | b'`'
                | b'|'
                | b'~'
        )
}

/// RFC 9110 §5.6.2: token.
pub(crate) fn is_token(bytes: &[u8]) -> bool {
    !bytes.is_empty() && bytes.iter().all(|&byte| IS_TOKEN[usize::from(byte)])
}

const IS_TOKEN: [bool; 256] = {
    let mut is_token = [false; 256];
    let mut byte = 0;
    while byte < 256 {
        is_token[byte] = is_token_byte(byte as u8);
        byte += 1;
    }
    is_token
};
