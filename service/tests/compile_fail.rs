//! What the compiler says where a layer lacks something: the messages are part of the interface.

#[test]
fn missing_bounds_are_named() {
    trybuild::TestCases::new().compile_fail("tests/compile_fail/*.rs");
}
