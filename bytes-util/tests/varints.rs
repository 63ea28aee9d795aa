//! Varints against slow and simple forms of themselves.

use bytes::Buf;
use minato_bytes_util::varint::{VarintError, leb128, mqtt, prefix, protobuf, quic, sqlite, zigzag};
use minato_bytes_util::{BufList, SliceReader};

mod kit;
use kit::{Random, seeds};

/// What `input` begins with, by the definition: all bits of all bytes, in numbers wide enough.
fn naive(input: &[u8], bits: u32) -> Result<Option<(u128, usize)>, VarintError> {
    let Some(last) = input.iter().position(|byte| byte & 0x80 == 0) else {
        let longest = bits.div_ceil(7) as usize;
        return if input.len() >= longest { Err(VarintError::Overflow) } else { Ok(None) };
    };
    let mut value: u128 = 0;
    for (index, byte) in input[..=last].iter().enumerate() {
        let part = u128::from(byte & 0x7f);
        if part != 0 && (index * 7 >= 128 || part << (7 * index) >> (7 * index) != part) {
            return Err(VarintError::Overflow);
        }
        if index * 7 < 128 {
            value |= part << (7 * index);
        }
    }
    if last >= bits.div_ceil(7) as usize || (bits < 128 && value >> bits != 0) {
        return Err(VarintError::Overflow);
    }
    if last > 0 && input[last] == 0 {
        return Err(VarintError::Overlong);
    }
    Ok(Some((value, last + 1)))
}

fn noise(random: &mut Random) -> Vec<u8> {
    let len = random.up_to(22);
    let mut bytes = random.bytes(len, &[0x80, 0xff, 0x81]);
    if random.up_to(1) == 0
        && let Some(byte) = bytes.last_mut()
    {
        *byte = [0, 1, 2, 3, 0x0f, 0x10, 0x7f][random.up_to(6)];
    }
    bytes
}

#[test]
fn unsigned_numbers_agree_with_the_definition_on_any_bytes() {
    for seed in seeds(30_000) {
        let input = noise(&mut Random(seed));
        macro_rules! agrees {
            ($type:ty) => {
                let read = leb128::decode::<$type>(&input).map(|n| n.map(|(n, len)| (u128::from(n), len)));
                assert_eq!(read, naive(&input, <$type>::BITS), "seed {seed}: {input:x?}");
            };
        }
        agrees!(u16);
        agrees!(u32);
        agrees!(u64);
        agrees!(u128);
    }
}

/// Whatever is read is what is written, in the same bytes: so there is one encoding.
fn reads_only_what_it_writes<T>(input: &[u8])
where
    T: leb128::Leb128 + PartialEq + std::fmt::Debug,
{
    let read = leb128::decode::<T>(input);
    let mut decoder = leb128::Decoder::<T>::new();
    let one_by_one = input.iter().find_map(|&byte| decoder.push(byte).transpose()).transpose();
    assert_eq!(one_by_one, read.map(|read| read.map(|(value, _)| value)), "{input:x?}");
    let mut pieces = BufList::new();
    input.iter().rev().for_each(|&byte| pieces.push_front(vec![byte].into()));
    assert_eq!(leb128::get::<T>(&mut pieces), one_by_one, "{input:x?}");
    match read {
        Ok(Some((value, len))) => {
            let mut written = Vec::new();
            assert_eq!(leb128::put(&mut written, value), len);
            assert_eq!(written, input[..len]);
            assert_eq!(leb128::encoded_len(value), len);
            assert_eq!(pieces.remaining(), input.len() - len);
        }
        _ => assert_eq!(pieces.remaining(), input.len()),
    }
}

#[test]
fn every_number_has_one_encoding_however_it_arrives() {
    for seed in seeds(20_000) {
        let input = noise(&mut Random(seed));
        reads_only_what_it_writes::<u16>(&input);
        reads_only_what_it_writes::<u32>(&input);
        reads_only_what_it_writes::<u64>(&input);
        reads_only_what_it_writes::<u128>(&input);
        reads_only_what_it_writes::<i16>(&input);
        reads_only_what_it_writes::<i32>(&input);
        reads_only_what_it_writes::<i64>(&input);
        reads_only_what_it_writes::<i128>(&input);
    }
}

#[test]
fn every_number_comes_back() {
    macro_rules! comes_back {
        ($random:ident $($type:ident)*) => {$(
            let value = ($random.next() as $type).wrapping_mul($random.next() as $type) >> $random.up_to($type::BITS as usize - 1);
            for value in [value, $type::MAX, $type::MIN, !value] {
                let mut buf = Vec::new();
                let len = leb128::put(&mut buf, value);
                assert!(len <= <$type as leb128::Leb128>::LEN_MAX);
                assert_eq!(leb128::decode::<$type>(&buf), Ok(Some((value, len))));
                for cut in 0..len {
                    assert_eq!(leb128::decode::<$type>(&buf[..cut]), Ok(None));
                }
            }
        )*};
    }
    for seed in seeds(5_000) {
        let mut random = Random(seed);
        comes_back!(random u16 u32 u64 u128 i16 i32 i64 i128);
        let value = random.next().cast_signed();
        assert_eq!(zigzag::decode::<i64>(zigzag::encode(value)), value);
    }
}

#[test]
fn known_encodings_of_signed_numbers() {
    // DWARF 5, table 7.8.
    let known: [(i64, &[u8]); 8] = [
        (2, &[2]),
        (-2, &[0x7e]),
        (127, &[0xff, 0]),
        (-127, &[0x81, 0x7f]),
        (128, &[0x80, 1]),
        (-128, &[0x80, 0x7f]),
        (129, &[0x81, 1]),
        (-129, &[0xff, 0x7e]),
    ];
    for (value, encoded) in known {
        assert_eq!(leb128::decode::<i64>(encoded), Ok(Some((value, encoded.len()))));
    }
    assert_eq!(leb128::decode::<i64>(&[0xfe, 0x7f]), Err(VarintError::Overlong));
}

#[test]
fn quic_numbers_and_typed_reads_take_any_bytes() {
    for seed in seeds(20_000) {
        let mut random = Random(seed);
        let len = random.up_to(12);
        let input = random.bytes(len, &[0, 0x40, 0x80, 0xc0, 0xff]);
        if let Some((value, len)) = quic::decode(&input) {
            assert!(value <= quic::MAX && quic::encoded_len(value).unwrap() <= len);
            assert_eq!(quic::get(&mut input[..1].chain(&input[1..])), Some(value));
        }
        let mut reader = SliceReader::new(&input);
        while !reader.is_empty() {
            let before = reader.position();
            let failed = match random.up_to(4) {
                0 => reader.u8().is_err(),
                1 => reader.i128_le().is_err(),
                2 => reader.bytes(random.up_to(usize::MAX - 1)).is_err(),
                3 => reader.leb128::<i32>().is_err(),
                _ => reader.quic_varint().is_err(),
            };
            assert!(!failed || reader.position() == before);
            if failed {
                reader.u8().unwrap();
            }
        }
    }
}

#[test]
fn a_number_that_was_cut_is_none_until_the_end_and_an_error_that_says_so_there() {
    let mut longest = Vec::new();
    let len = leb128::put(&mut longest, u64::MAX);
    for cut in 0..len {
        assert_eq!(leb128::decode::<u64>(&longest[..cut]), Ok(None));
        let mut pushed = leb128::Decoder::<u64>::new();
        assert!(longest[..cut].iter().all(|&byte| pushed.push(byte) == Ok(None)));
        assert_eq!(pushed.is_within_number(), cut > 0);
        let mut reader = SliceReader::new(&longest[..cut]);
        assert!(reader.leb128::<u64>().is_err());
        assert_eq!(reader.position(), 0);
    }
    let mut longest = Vec::new();
    let len = quic::put(&mut longest, quic::MAX).unwrap();
    for cut in 0..len {
        assert_eq!(quic::decode(&longest[..cut]), None);
        assert_eq!(quic::get(&mut &longest[..cut]), None);
        assert!(SliceReader::new(&longest[..cut]).quic_varint().is_err());
    }
}

/// One number, written and read in one of the forms.
fn comes_back(
    value: u64,
    put: impl Fn(&mut Vec<u8>) -> usize,
    decode: impl Fn(&[u8]) -> Result<Option<(u64, usize)>, VarintError>,
) -> Vec<u8> {
    let mut encoded = Vec::new();
    let len = put(&mut encoded);
    assert_eq!(len, encoded.len());
    for cut in 0..len {
        assert_eq!(decode(&encoded[..cut]), Ok(None), "{value} cut at {cut}");
    }
    let mut followed = encoded.clone();
    followed.extend_from_slice(&[0xff; 12]);
    assert_eq!(decode(&followed), Ok(Some((value, len))));
    encoded
}

#[test]
fn forms_of_other_protocols_bring_every_border_back() {
    let borders = (0..64).flat_map(|power| [(1_u64 << power) - 1, 1 << power, (1 << power) + 1]);
    for value in borders.chain([u64::MAX - 1, u64::MAX]) {
        let encoded = comes_back(value, |buf| sqlite::put(buf, value), |input| Ok(sqlite::decode(input)));
        assert_eq!(encoded.len(), sqlite::encoded_len(value));
        let encoded = comes_back(value, |buf| prefix::put(buf, value), prefix::decode);
        assert_eq!(encoded.len(), prefix::encoded_len(value));
        assert_eq!(encoded.len(), prefix::announced_len(encoded[0]));
        comes_back(value, |buf| leb128::put(buf, value), protobuf::decode);
        match u32::try_from(value) {
            Ok(value) if value <= mqtt::MAX => {
                let decode =
                    |input: &[u8]| Ok(mqtt::decode(input)?.map(|(value, len)| (u64::from(value), len)));
                comes_back(value.into(), |buf| mqtt::put(buf, value).unwrap(), decode);
            }
            Ok(value) => assert_eq!(mqtt::put(&mut Vec::new(), value), Err(VarintError::Overflow)),
            Err(_) => {}
        }
    }
}

#[test]
fn forms_of_other_protocols_are_those_of_their_documents() {
    let mut encoded = Vec::new();
    for value in [127, 128, 16_383, 16_384, 2_097_151, 2_097_152, 268_435_455] {
        mqtt::put(&mut encoded, value).unwrap();
    }
    // MQTT 5, table 1-1.
    let expected = b"\x7f\x80\x01\xff\x7f\x80\x80\x01\xff\xff\x7f\x80\x80\x80\x01\xff\xff\xff\x7f";
    assert_eq!(encoded, expected);
    assert_eq!(mqtt::decode(&[0xff, 0xff, 0xff, 0xff]), Err(VarintError::Overflow));
    assert_eq!(mqtt::decode(&[0x80, 0x00]), Err(VarintError::Overlong));
    let mut encoded = Vec::new();
    sqlite::put(&mut encoded, 128);
    sqlite::put(&mut encoded, u64::MAX);
    assert_eq!(encoded, b"\x81\x00\xff\xff\xff\xff\xff\xff\xff\xff\xff");
    assert_eq!(sqlite::decode(&[0x80, 0x80, 0x05]), Some((5, 3)));
    // int32 -1, a padded zero, and one bit too many.
    let minus_one = [0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0x01];
    assert_eq!(protobuf::decode(&minus_one), Ok(Some((u64::MAX, 10))));
    assert_eq!(protobuf::decode(&[0x80, 0x80, 0x00]), Ok(Some((0, 3))));
    assert_eq!(
        protobuf::decode(&[0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0x02]),
        Err(VarintError::Overflow)
    );
    assert_eq!(prefix::decode(&[0b10, 0]), Err(VarintError::Overlong));
    let mut encoded = Vec::new();
    prefix::put(&mut encoded, 300);
    assert_eq!(encoded, [0b1011_0010, 0b0000_0100]);
}

#[test]
fn forms_of_other_protocols_take_any_bytes() {
    for seed in seeds(20_000) {
        let mut random = Random(seed);
        let input = noise(&mut random);
        let mut again = Vec::new();
        if let Ok(Some((value, len))) = prefix::decode(&input) {
            assert_eq!(prefix::put(&mut again, value), len);
            assert_eq!(again, input[..len]);
        }
        if let Some((value, len)) = sqlite::decode(&input) {
            assert!(sqlite::encoded_len(value) <= len);
        }
        if let Ok(Some((value, len))) = mqtt::decode(&input) {
            assert_eq!(leb128::decode(&input), Ok(Some((value, len))));
        }
        match (protobuf::decode(&input), leb128::decode::<u64>(&input)) {
            (Ok(Some((_, len))), Err(error)) => {
                assert!(error == VarintError::Overlong && input[len - 1] == 0);
            }
            (ours, strict) => assert_eq!(ours, strict),
        }
    }
}
