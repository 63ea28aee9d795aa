//! A pattern as a test: without moving anything out of what it is matched against.

use syn::{FieldPat, Pat};

/// Whether a pattern surely matches, as far as its form tells.
pub(crate) fn always_matches(pattern: &Pat) -> bool {
    match pattern {
        Pat::Wild(_) => true,
        // A lone lower-case name binds; it could be a constant, but then the compiler says so where it is used.
        Pat::Ident(ident) => {
            ident.subpat.is_none()
                && ident.ident.to_string().starts_with(|c: char| c.is_lowercase() || c == '_')
        }
        Pat::Paren(paren) => always_matches(&paren.pat),
        Pat::Tuple(tuple) => tuple.elems.iter().all(always_matches),
        _ => false,
    }
}

/// Takes `mut` and `ref` from every name in a pattern, so that it can be matched against a reference.
pub(crate) fn unbind(pattern: &mut Pat) {
    match pattern {
        Pat::Ident(ident) => {
            ident.by_ref = None;
            ident.mutability = None;
            if let Some((_, inner)) = &mut ident.subpat {
                unbind(inner);
            }
        }
        Pat::Or(or) => or.cases.iter_mut().for_each(unbind),
        Pat::Paren(paren) => unbind(&mut paren.pat),
        Pat::Reference(reference) => unbind(&mut reference.pat),
        Pat::Slice(slice) => slice.elems.iter_mut().for_each(unbind),
        Pat::Struct(fields) => fields.fields.iter_mut().for_each(unbind_field),
        Pat::Tuple(tuple) => tuple.elems.iter_mut().for_each(unbind),
        Pat::TupleStruct(tuple) => tuple.elems.iter_mut().for_each(unbind),
        Pat::Type(typed) => unbind(&mut typed.pat),
        _ => {}
    }
}

fn unbind_field(field: &mut FieldPat) {
    // `S { mut x }` needs no colon; `S { x }` is what is left of it.
    unbind(&mut field.pat);
}
