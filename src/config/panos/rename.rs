//! `rename`: what names an object names it by its new name from then on, as on PAN-OS.

use super::build::{Builder, Id};
use super::walk::Text;

/// Lists of objects, and the words whose values name one.
const NAMED_BY: &[(&[&str], &[&str])] = &[
    (
        &["address", "address-group", "external-list", "region"],
        &["destination", "source", "static", "translated-address"],
    ),
    (&["application", "application-filter", "application-group"], &["application", "members"]),
    (&["schedule"], &["schedule"]),
    (&["service", "service-group"], &["members", "service"]),
    (&["tag"], &["tag"]),
    (&["zone"], &["from", "to"]),
];

/// Gives a name another one, and also where it is named. Gives the number of names that were looked at.
pub(super) fn rename<'t>(tree: &mut Builder<'t>, id: Id, name: &Text<'t>) -> usize {
    let list = tree.parent(id);
    let kind = NAMED_BY.iter().find(|(lists, _)| lists.contains(&tree.name(list)));
    let old = tree.name(id).to_owned();
    let is_renamed = tree.rename(id, name.text.clone(), name.span.clone());
    let Some((lists, words)) = kind.filter(|_| is_renamed) else { return 1 };
    // What is shared is named anywhere, other objects in their virtual system or device group.
    let owner = tree.parent(list);
    let mut open = vec![if tree.name(owner) == "shared" { Builder::ROOT } else { owner }];
    let mut looked_at = 0;
    while let Some(place) = open.pop() {
        looked_at += 1;
        if words.contains(&tree.name(place))
            && place != list
            && (tree.name(place) != "members" || lists.contains(&tree.name(tree.parent(tree.parent(place)))))
            && let Some(reference) = tree.child(place, &old)
            && !tree.rename(reference, name.text.clone(), name.span.clone())
        {
            tree.remove(reference);
        }
        open.extend(tree.children(place));
    }
    looked_at
}
