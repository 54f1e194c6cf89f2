//! A contract as a list of lines, each of which says all of one thing.

use wit_parser::{
    Docs, Function, Handle, Resolve, Type, TypeDef, TypeDefKind, TypeId, TypeOwner, World, WorldItem,
};

/// Every interface, type, field, case, function, import and export. Interfaces are in the order of their
/// names, what is in them in its own order, which is part of the binary interface.
pub(super) fn lines(resolve: &Resolve) -> Vec<String> {
    items(resolve).into_iter().map(|item| item.line).collect()
}

/// The lines of those that have no doc comment.
pub(super) fn unexplained(resolve: &Resolve) -> Vec<String> {
    items(resolve).into_iter().filter(|item| !item.explained).map(|item| item.line).collect()
}

struct Item {
    line: String,
    explained: bool,
}

impl Item {
    fn new(line: String, docs: &Docs) -> Self {
        Self { line, explained: docs.contents.as_deref().is_some_and(|text| !text.trim().is_empty()) }
    }
}

fn items(resolve: &Resolve) -> Vec<Item> {
    let mut interfaces: Vec<_> = resolve.interfaces.iter().collect();
    interfaces.sort_by_key(|(_, interface)| &interface.name);
    let mut items = Vec::new();
    for (id, interface) in interfaces {
        let name = interface.name.as_deref().expect("the contract's interfaces have names");
        let full = resolve.id_of(id).expect("the contract's interfaces are in a package");
        items.push(Item::new(format!("{name}: interface {full}"), &interface.docs));
        for id in interface.types.values() {
            items.extend(type_items(resolve, name, &resolve.types[*id]));
        }
        for function in interface.functions.values() {
            items.push(Item::new(format!("{name}.{}", signature(resolve, function)), &function.docs));
        }
    }
    items.extend(resolve.worlds.iter().flat_map(|(_, world)| world_items(resolve, world)));
    items
}

fn type_items(resolve: &Resolve, interface: &str, definition: &TypeDef) -> Vec<Item> {
    let name =
        format!("{interface}.{}", definition.name.as_deref().expect("an interface's types have names"));
    let head = |text: &str| Item::new(format!("{name}: {text}"), &definition.docs);
    match &definition.kind {
        // What `use` brings in is explained, and listed, where it is defined.
        TypeDefKind::Type(Type::Id(id)) if is_used(resolve, definition, *id) => Vec::new(),
        TypeDefKind::Record(record) => {
            let fields = record.fields.iter().map(|field| {
                Item::new(format!("{name}.{}: {}", field.name, type_name(resolve, &field.ty)), &field.docs)
            });
            std::iter::once(head("record")).chain(fields).collect()
        }
        TypeDefKind::Variant(variant) => {
            let cases = variant.cases.iter().map(|case| {
                let payload = case.ty.map(|ty| format!("({})", type_name(resolve, &ty))).unwrap_or_default();
                Item::new(format!("{name}.{}{payload}", case.name), &case.docs)
            });
            std::iter::once(head("variant")).chain(cases).collect()
        }
        TypeDefKind::Resource => vec![head("resource")],
        other => vec![head(&anonymous(resolve, other))],
    }
}

fn is_used(resolve: &Resolve, definition: &TypeDef, target: TypeId) -> bool {
    resolve.types[target].owner != definition.owner
}

fn world_items(resolve: &Resolve, world: &World) -> Vec<Item> {
    let directions = [("imports", &world.imports), ("exports", &world.exports)];
    let members = directions.into_iter().flat_map(|(direction, members)| {
        members.iter().map(move |(key, member)| {
            // A function or type outside an interface would not be in the list above.
            assert!(matches!(member, WorldItem::Interface { .. }), "the world holds interfaces only");
            Item {
                line: format!("{} {direction} {}", world.name, resolve.name_world_key(key)),
                explained: true,
            }
        })
    });
    std::iter::once(Item::new(format!("{}: world", world.name), &world.docs)).chain(members).collect()
}

fn signature(resolve: &Resolve, function: &Function) -> String {
    let parameters: Vec<_> = function
        .params
        .iter()
        .map(|parameter| format!("{}: {}", parameter.name, type_name(resolve, &parameter.ty)))
        .collect();
    let result = function.result.map(|ty| format!(" -> {}", type_name(resolve, &ty))).unwrap_or_default();
    format!("{}: func({}){result}", function.name, parameters.join(", "))
}

fn type_name(resolve: &Resolve, ty: &Type) -> String {
    match ty {
        Type::Id(id) => named(resolve, *id),
        plain => format!("{plain:?}").to_lowercase(),
    }
}

/// A type by the name and interface that define it, or by what it is made of.
fn named(resolve: &Resolve, id: TypeId) -> String {
    let definition = &resolve.types[id];
    match (&definition.kind, &definition.name, definition.owner) {
        (TypeDefKind::Type(Type::Id(target)), _, _) if is_used(resolve, definition, *target) => {
            named(resolve, *target)
        }
        (_, Some(name), TypeOwner::Interface(owner)) => {
            format!("{}.{name}", resolve.interfaces[owner].name.as_deref().unwrap_or_default())
        }
        (kind, _, _) => anonymous(resolve, kind),
    }
}

fn anonymous(resolve: &Resolve, kind: &TypeDefKind) -> String {
    let name = |ty: &Option<Type>| ty.map_or_else(|| "_".to_owned(), |ty| type_name(resolve, &ty));
    match kind {
        TypeDefKind::Type(ty) => type_name(resolve, ty),
        TypeDefKind::List(ty) => format!("list<{}>", type_name(resolve, ty)),
        TypeDefKind::Option(ty) => format!("option<{}>", type_name(resolve, ty)),
        TypeDefKind::Result(result) => format!("result<{}, {}>", name(&result.ok), name(&result.err)),
        TypeDefKind::Tuple(tuple) => {
            let types: Vec<_> = tuple.types.iter().map(|ty| type_name(resolve, ty)).collect();
            format!("tuple<{}>", types.join(", "))
        }
        TypeDefKind::Handle(Handle::Own(id)) => named(resolve, *id),
        TypeDefKind::Handle(Handle::Borrow(id)) => format!("borrow<{}>", named(resolve, *id)),
        other => panic!("the contract has no {} so far: say here how it is listed", other.as_str()),
    }
}
