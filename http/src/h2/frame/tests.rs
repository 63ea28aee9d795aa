use super::settings::{FRAME_SIZE_MAX, WINDOW_MAX};
use super::*;

fn frame(kind: u8, flags: u8, stream: u32, payload: &[u8]) -> Vec<u8> {
    let mut bytes = (payload.len() as u32).to_be_bytes()[1..].to_vec();
    bytes.extend_from_slice(&[kind, flags]);
    bytes.extend_from_slice(&stream.to_be_bytes());
    bytes.extend_from_slice(payload);
    bytes
}

fn read(bytes: &[u8]) -> Result<(Head, Frame<'_>), Fault> {
    let head = Head::parse(bytes).unwrap();
    head.check(FRAME_SIZE_MIN)?;
    let payload = &bytes[HEAD_LEN..];
    assert_eq!(payload.len(), head.len as usize);
    Ok((head, parse(&head, payload)?))
}

const DATA: u8 = 0;
const HEADERS: u8 = 1;
const PRIORITY: u8 = 2;
const RESET: u8 = 3;
const SETTINGS: u8 = 4;
const PUSH_PROMISE: u8 = 5;
const PING: u8 = 6;
const GOAWAY: u8 = 7;
const WINDOW_UPDATE: u8 = 8;
const CONTINUATION: u8 = 9;

#[test]
fn every_rule_of_section_6_that_a_frame_alone_can_break_has_its_code() {
    const SIZE: Fault = Fault::Connection(Reason::FRAME_SIZE_ERROR);
    const PROTOCOL: Fault = Fault::Connection(Reason::PROTOCOL_ERROR);
    const FLOW: Fault = Fault::Connection(Reason::FLOW_CONTROL_ERROR);
    let (padded, priority, ack) = (0x8, 0x20, 0x1);
    let long = vec![0; FRAME_SIZE_MIN as usize + 1];
    let setting = |id: u8, value: u32| [&[0, id], &value.to_be_bytes()[..]].concat();
    type Row<'a> = (&'a str, u8, u8, u32, &'a [u8], Fault);
    let table: &[Row<'_>] = &[
        ("§4.2 too long", DATA, 0, 1, &long, SIZE),
        ("§4.2 too long, of no known type", 0x50, 0, 1, &long, SIZE),
        ("§4.2 too long, PRIORITY", PRIORITY, 0, 1, &long, SIZE),
        ("§6.1 DATA of the connection", DATA, 0, 0, b"x", PROTOCOL),
        ("§6.1 DATA without its padding length", DATA, padded, 1, b"", SIZE),
        ("§6.2 HEADERS of the connection", HEADERS, 4, 0, b"\x82", PROTOCOL),
        ("§6.2 HEADERS without its padding length", HEADERS, padded, 1, b"", SIZE),
        ("§6.2 padding as long as the payload", HEADERS, padded, 1, b"\x03\x82\x84", PROTOCOL),
        ("§6.2 no room for the priority", HEADERS, priority, 1, b"\0\0\0\0", SIZE),
        ("§6.2 padding over the priority", HEADERS, padded | priority, 1, b"\x01\0\0\0\0\0", PROTOCOL),
        ("§6.3 PRIORITY of the connection", PRIORITY, 0, 0, &[0; 5], PROTOCOL),
        ("§6.3 PRIORITY too short", PRIORITY, 0, 1, &[0; 4], Fault::Stream(1, Reason::FRAME_SIZE_ERROR)),
        ("§6.3 PRIORITY too long", PRIORITY, 0, 1, &[0; 6], Fault::Stream(1, Reason::FRAME_SIZE_ERROR)),
        ("§6.4 RST_STREAM of the connection", RESET, 0, 0, &[0; 4], PROTOCOL),
        ("§6.4 RST_STREAM too short", RESET, 0, 1, &[0; 3], SIZE),
        ("§6.4 RST_STREAM too long", RESET, 0, 1, &[0; 5], SIZE),
        ("§6.5 SETTINGS of a stream", SETTINGS, 0, 1, &[], PROTOCOL),
        ("§6.5 SETTINGS not of six bytes each", SETTINGS, 0, 0, &[0; 7], SIZE),
        ("§6.5 the answer carries something", SETTINGS, ack, 0, &[0; 6], SIZE),
        ("§6.5.2 ENABLE_PUSH", SETTINGS, 0, 0, &setting(2, 2), PROTOCOL),
        ("§6.5.2 INITIAL_WINDOW_SIZE", SETTINGS, 0, 0, &setting(4, 1 << 31), FLOW),
        ("§6.5.2 MAX_FRAME_SIZE too small", SETTINGS, 0, 0, &setting(5, 16_383), PROTOCOL),
        ("§6.5.2 MAX_FRAME_SIZE nothing", SETTINGS, 0, 0, &setting(5, 0), PROTOCOL),
        ("§6.5.2 MAX_FRAME_SIZE too large", SETTINGS, 0, 0, &setting(5, 1 << 24), PROTOCOL),
        ("RFC 8441 §3 ENABLE_CONNECT_PROTOCOL", SETTINGS, 0, 0, &setting(8, 2), PROTOCOL),
        ("§6.6 PUSH_PROMISE of the connection", PUSH_PROMISE, 4, 0, &[0; 4], PROTOCOL),
        ("§6.6 PUSH_PROMISE too short", PUSH_PROMISE, 4, 1, &[0; 3], SIZE),
        ("§6.7 PING of a stream", PING, 0, 1, &[0; 8], PROTOCOL),
        ("§6.7 PING too short", PING, 0, 0, &[0; 7], SIZE),
        ("§6.7 PING too long", PING, ack, 0, &[0; 9], SIZE),
        ("§6.8 GOAWAY of a stream", GOAWAY, 0, 1, &[0; 8], PROTOCOL),
        ("§6.8 GOAWAY too short", GOAWAY, 0, 0, &[0; 7], SIZE),
        ("§6.9 WINDOW_UPDATE too short", WINDOW_UPDATE, 0, 0, &[0; 3], SIZE),
        ("§6.9 WINDOW_UPDATE too long", WINDOW_UPDATE, 0, 1, &[0; 5], SIZE),
        ("§6.10 CONTINUATION of the connection", CONTINUATION, 4, 0, &[], PROTOCOL),
    ];
    for (rule, kind, flags, stream, payload, fault) in table {
        let bytes = frame(*kind, *flags, *stream, payload);
        assert_eq!(read(&bytes).map(|_| ()), Err(*fault), "{rule}");
    }
}

#[test]
fn what_is_unusual_and_allowed_is_taken() {
    let read_frame = |kind, flags, stream, payload: &[u8]| {
        let bytes = frame(kind, flags, stream, payload);
        let (_, frame) = read(&bytes).unwrap();
        format!("{frame:?}")
    };
    // The reserved bits are ignored, flags that mean nothing too.
    let bytes = frame(RESET, 0xff, (1 << 31) | 5, &[0, 0, 0, 99]);
    assert_eq!(Head::parse(&bytes).unwrap().stream, 5);
    assert_eq!(read(&bytes).unwrap().1, Frame::Reset { reason: Reason::from_code(99) });
    assert_eq!(read_frame(WINDOW_UPDATE, 0, 0, &[0x80, 0, 0, 0]), "WindowUpdate { increment: 0 }");
    // A block may be empty, or all padding.
    assert_eq!(read_frame(HEADERS, 0x8, 1, &[2, 0, 0]), "Headers { block: [], depends_on: None }");
    assert_eq!(
        read_frame(HEADERS, 0x28, 1, &[1, 0x80, 0, 0, 3, 255, 0x82, 0]),
        "Headers { block: [130], depends_on: Some(3) }"
    );
    assert_eq!(read_frame(CONTINUATION, 4, 1, &[]), "Continuation { block: [] }");
    // Settings that nobody knows are passed over; of several equal ones the last counts.
    let mut settings = vec![0, 9, 0, 0, 0, 7];
    settings.extend([0, 3, 0, 0, 0, 1, 0, 3, 0, 0, 0, 2]);
    let bytes = frame(SETTINGS, 0, 0, &settings);
    let expected = Settings { max_concurrent_streams: Some(2), ..Settings::default() };
    assert_eq!(read(&bytes).unwrap().1, Frame::Settings(expected));
    assert_eq!(
        read_frame(GOAWAY, 0, 0, &[0x80, 0, 0, 9, 0, 0, 0, 1, b'd']),
        "GoAway { last_stream: 9, reason: Reason(PROTOCOL_ERROR) }"
    );
}

#[test]
fn unknown_types_pass_wherever_they_stand() {
    for kind in 0xa..=0xff {
        let head = Head::parse(&frame(kind, 0xff, 0, b"x")).unwrap();
        assert_eq!((head.kind, head.check(FRAME_SIZE_MIN)), (Kind::Unknown, Ok(())));
    }
}

#[test]
fn a_head_is_read_once_it_is_whole() {
    let bytes = frame(PING, 0, 0, &[0; 8]);
    for len in 0..HEAD_LEN {
        assert_eq!(Head::parse(&bytes[..len]), None);
    }
    assert!(Head::parse(&bytes[..HEAD_LEN]).is_some());
}

#[test]
fn what_is_written_is_read_as_it_was_meant() {
    let settings = Settings {
        header_table_size: Some(0),
        enable_push: Some(false),
        max_concurrent_streams: Some(u32::MAX),
        initial_window_size: Some(WINDOW_MAX),
        max_frame_size: Some(FRAME_SIZE_MAX),
        max_header_list_size: Some(1),
        enable_connect_protocol: Some(true),
    };
    let written = |put: &dyn Fn(&mut Vec<u8>)| {
        let mut out = Vec::new();
        put(&mut out);
        let (head, frame) = read(&out).unwrap();
        (format!("{frame:?}"), head.stream, head.flags)
    };
    let expect = |frame: Frame<'_>, stream, flags| (format!("{frame:?}"), stream, flags);
    assert_eq!(written(&|out| put_settings(out, &settings)), expect(Frame::Settings(settings), 0, 0));
    assert_eq!(written(&put_settings_ack), expect(Frame::SettingsAck, 0, 1));
    let payload = *b"12345678";
    assert_eq!(written(&|out| put_ping(out, payload, true)), expect(Frame::Ping { payload }, 0, 1));
    assert_eq!(written(&|out| put_ping(out, payload, false)), expect(Frame::Ping { payload }, 0, 0));
    let reason = Reason::ENHANCE_YOUR_CALM;
    assert_eq!(
        written(&|out| put_goaway(out, 7, reason, b"why")),
        expect(Frame::GoAway { last_stream: 7, reason }, 0, 0)
    );
    assert_eq!(written(&|out| put_reset(out, 9, reason)), expect(Frame::Reset { reason }, 9, 0));
    assert_eq!(
        written(&|out| put_window_update(out, 9, WINDOW_MAX)),
        expect(Frame::WindowUpdate { increment: WINDOW_MAX }, 9, 0)
    );
    let mut out = Vec::new();
    put_data_head(&mut out, 3, 5, true);
    let head = Head::parse(&out).unwrap();
    assert_eq!((head.kind, head.len, head.stream, head.is_end_stream()), (Kind::Data, 5, 3, true));
}

#[test]
fn a_block_longer_than_a_frame_is_split_and_joined_again() {
    for len in [0, 1, 99, 100, 101, 200, 201, 1000] {
        let block: Vec<u8> = (0..len).map(|i| i as u8).collect();
        let mut out = b"before".to_vec();
        put_headers(&mut out, 5, true, 100, |out| out.extend_from_slice(&block));
        let mut rest = &out[6..];
        let mut assembly: Option<Assembly> = None;
        loop {
            let head = Head::parse(rest).unwrap();
            assert!(head.len <= 100 && head.stream == 5);
            let (payload, behind) = rest[HEAD_LEN..].split_at(head.len as usize);
            match parse(&head, payload).unwrap() {
                Frame::Headers { block, depends_on } => {
                    assert!(head.is_end_stream());
                    assembly = Some(Assembly::begin(5, true, depends_on, block, 1000).unwrap());
                }
                Frame::Continuation { block } => assembly.as_mut().unwrap().push(block).unwrap(),
                other => panic!("{other:?}"),
            }
            rest = behind;
            if head.is_end_headers() {
                break;
            }
        }
        assert!(rest.is_empty());
        assert_eq!(assembly.unwrap().block(), block);
    }
}

#[test]
fn a_block_that_does_not_end_ends_the_connection() {
    use crate::limits::{BLOCK_BYTES_PER_LIST_BYTE, BLOCK_FRAMES};
    let calm = Err(Fault::Connection(Reason::ENHANCE_YOUR_CALM));
    let mut assembly = Assembly::begin(1, false, None, b"", 1000).unwrap();
    (1..BLOCK_FRAMES).for_each(|_| assembly.push(b"").unwrap());
    assert_eq!(assembly.push(b""), calm);
    let mut assembly = Assembly::begin(1, false, None, b"", 1000).unwrap();
    assert_eq!(assembly.push(&vec![0; 1000 * BLOCK_BYTES_PER_LIST_BYTE]), Ok(()));
    assert_eq!(assembly.push(b"x"), calm);
}
