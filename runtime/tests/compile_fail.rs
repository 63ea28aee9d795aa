//! What the compiler says where a macro is misused: the messages are part of the interface.
//!
//! Only messages of our macros are compared, which no release of the compiler rewords.

#[test]
fn misuse_of_macros_is_explained() {
    trybuild::TestCases::new().compile_fail("tests/compile_fail/*.rs");
}
