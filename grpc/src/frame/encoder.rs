//! From messages to bytes.

use bytes::{BufMut, Bytes};
use minato_bytes_util::Pool;
use prost::Message;

use super::PREFIX_LEN;
use crate::Status;
use crate::limits::BATCH_LEN;

/// The bytes `message` takes on the wire.
///
/// # Errors
///
/// RESOURCE_EXHAUSTED for a message longer than a prefix can say.
pub(crate) fn frame_len<M: Message>(message: &M) -> Result<usize, Status> {
    let len = message.encoded_len();
    match u32::try_from(len) {
        Ok(_) => Ok(PREFIX_LEN + len),
        Err(_) => Err(Status::resource_exhausted(format!("a message of {len} bytes cannot be sent"))),
    }
}

/// Appends `message`, whose [`frame_len`] is `len`. The buffer grows as it must.
pub(crate) fn encode_into<M: Message>(message: &M, len: usize, buf: &mut Vec<u8>) {
    buf.put_u8(0);
    buf.put_u32((len - PREFIX_LEN) as u32);
    message.encode_raw(buf);
}

/// One message as bytes of their own, in exactly one allocation or, where it is large, in memory of the pool.
pub(crate) fn encode<M: Message>(message: &M, pool: &Pool) -> Result<Bytes, Status> {
    let len = frame_len(message)?;
    if len < BATCH_LEN {
        let mut buf = Vec::with_capacity(len);
        encode_into(message, len, &mut buf);
        return Ok(buf.into());
    }
    let mut buf = pool.get(len);
    encode_into(message, len, &mut buf);
    Ok(buf.freeze())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::frame::Decoder;

    #[test]
    fn messages_of_any_size_survive() {
        let pool = Pool::new();
        for len in [0, 1, 100, BATCH_LEN - 9, BATCH_LEN, 3 << 20] {
            let message = "x".repeat(len);
            let mut decoder = Decoder::new(4 << 20);
            decoder.push(encode(&message, &pool).unwrap());
            let frame = decoder.next().unwrap().unwrap();
            assert_eq!(String::decode(frame.message).unwrap(), message);
            assert_eq!(decoder.finish(), Ok(()));
        }
    }
}
