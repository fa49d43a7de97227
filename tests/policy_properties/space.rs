//! The header space against the lookup: what it says of sets of tuples is what the lookup says of each of them.

use firstpass::policy::space::{Block, Budget, Sessions, Space, Spaces, Stage};
use firstpass::time::Timestamp;

use super::*;

const PLENTY: u64 = 1_000_000;

/// Which rule each query belongs to, by the spaces.
fn owners(spaces: &Spaces<'_>, answered: &[[Space; 2]], query: &Query) -> Vec<usize> {
    let stage = usize::from(query.app.is_some());
    assert_eq!(answered.len(), spaces.policy().rules().len());
    (0..answered.len()).filter(|&rule| answered[rule][stage].contains(query)).collect()
}

/// The query at that time, with its categories not known: what a space is about.
fn asked(query: &Query, at: Timestamp) -> Query {
    Query { category: None, at, ..*query }
}

fn rule_ids(policy: &Policy) -> impl Iterator<Item = RuleId> {
    (0..u32::try_from(policy.rules().len()).unwrap()).map(RuleId)
}

fn answered(spaces: &Spaces<'_>) -> Vec<[Space; 2]> {
    let of = |rule, stage| spaces.answered(rule, stage, &mut Budget::new(PLENTY)).unwrap();
    rule_ids(spaces.policy())
        .map(|rule| [Stage::FirstPacket, Stage::Identified].map(|stage| of(rule, stage)))
        .collect()
}

proptest! {
    /// Every tuple belongs to one rule, and that is the one that the lookup finds.
    #[test]
    fn spaces_are_what_the_lookup_answers(
        options in any_options(),
        rules in any_rules(),
        queries in vec(any_query(), 100),
    ) {
        let policy = Ground::new(options).policy(&rules);
        let spaces = Spaces::at(&policy, queries[0].at);
        let answered = answered(&spaces);
        for query in &queries {
            let query = &asked(query, queries[0].at);
            let lookup = policy.lookup(query);
            prop_assert_eq!(owners(&spaces, &answered, query), [lookup.rule.0 as usize], "{:?}", query);
        }
    }

    /// Every block of an answered space has an example, and the lookup answers it with that rule.
    #[test]
    fn examples_are_answered(options in any_options(), rules in any_rules()) {
        let policy = Ground::new(options).policy(&rules);
        let spaces = Spaces::at(&policy, Query::default().at);
        for (rule, spaces) in rule_ids(&policy).zip(answered(&spaces)) {
            for block in spaces.iter().flat_map(Space::blocks) {
                let query = block.example().unwrap();
                prop_assert!(block.contains(&query));
                prop_assert_eq!(policy.lookup(&query).rule, rule, "{:?}", query);
            }
        }
    }

    /// The guided search agrees with the whole answer: a first packet of a rule is left over by the rules above it or
    /// there is none, and no query says otherwise.
    #[test]
    fn a_search_is_right_either_way(
        options in any_options(),
        rules in any_rules(),
        queries in vec(any_query(), 50),
    ) {
        let policy = Ground::new(options).policy(&rules);
        let spaces = Spaces::at(&policy, queries[0].at);
        let queries: Vec<Query> = queries.iter().map(|query| asked(query, queries[0].at)).collect();
        for rule in rule_ids(&policy) {
            for block in &spaces.rule(rule).first {
                let mut budget = Budget::new(PLENTY);
                let found = spaces.not_answered_above(rule, block, true, |_| true, |_| {}, &mut budget).unwrap();
                match found {
                    Some(query) => {
                        prop_assert!(block.contains(&query));
                        prop_assert_eq!(policy.lookup(&asked(&query, queries[0].at)).rule, rule, "{:?}", query);
                    }
                    None => for query in queries.iter().filter(|query| block.contains(query)) {
                        prop_assert_ne!(policy.lookup(query).rule, rule, "{:?}", query);
                    },
                }
            }
        }
    }

    /// Without the steps it needs, a search says so and nothing else.
    #[test]
    fn a_search_may_give_up_but_never_lies(rules in any_rules(), steps in 0..20u64) {
        let policy = Ground::new(PolicyOptions::default()).policy(&rules);
        let spaces = Spaces::at(&policy, Query::default().at);
        for rule in rule_ids(&policy) {
            let whole = spaces.answered(rule, Stage::FirstPacket, &mut Budget::new(PLENTY)).unwrap();
            if let Ok(found) = spaces.answered(rule, Stage::FirstPacket, &mut Budget::new(steps)) {
                prop_assert_eq!(found, whole);
            }
        }
    }

    /// Union, intersection and difference of the rules' spaces are those of sets.
    #[test]
    fn operations_are_those_of_sets(
        one in any_rule(),
        two in any_rule(),
        queries in vec(any_query(), 200),
    ) {
        let rules = numbered(vec![Rule { disabled: false, ..one }, Rule { disabled: false, ..two }]);
        let policy = Ground::new(PolicyOptions::default()).policy(&rules);
        let spaces = Spaces::unconditional(&policy);
        let of = |rule| {
            let space = spaces.rule(RuleId(rule));
            Space::new([&*space.first, &*space.known, &*space.implicit].concat())
        };
        let (one, two) = (of(0), of(1));
        let (either, both) = (one.clone().union(&two), one.intersection(&two));
        let rest = one.difference(&two, &mut Budget::new(PLENTY)).unwrap();
        for query in &queries {
            let (in_one, in_two) = (one.contains(query), two.contains(query));
            prop_assert_eq!(either.contains(query), in_one || in_two);
            prop_assert_eq!(both.contains(query), in_one && in_two);
            prop_assert_eq!(rest.contains(query), in_one && !in_two);
        }
        prop_assert!(both.blocks().iter().chain(rest.blocks()).all(|block| !block.is_empty()));
        for (outer, inner) in one.blocks().iter().flat_map(|one| two.blocks().iter().map(move |two| (one, two))) {
            prop_assert_eq!(outer.meets(inner), !outer.intersection(inner).is_empty());
        }
    }
}

/// What a session can be: no first packet whose header tells the application, nothing over another's protocol.
#[test]
fn sessions_are_those_the_header_leaves_open() {
    let world = Ground::new(PolicyOptions::default());
    let sessions = Sessions::new(&world.catalog);
    let find = |name: &str| world.catalog.find(name);
    let query = |protocol, app| Query {
        from: ZoneId(0),
        to: ZoneId(1),
        src: addr("10.0.0.1"),
        dst: addr("10.0.0.2"),
        protocol,
        sport: 1,
        dport: 2,
        app,
        ..Query::default()
    };
    for (protocol, app, first, identified) in [
        (Protocol::TCP, None, true, false),
        (Protocol::ICMP, None, false, false),
        (Protocol(47), None, false, false),
        (Protocol(48), None, true, false),
        (Protocol::TCP, find("web"), false, true),
        (Protocol::UDP, find("web"), false, true),
        (Protocol::ICMP, find("web"), false, false),
        (Protocol::ICMP, find("echo"), false, true),
        (Protocol::TCP, find("echo"), false, false),
        (Protocol(47), find("tunnel"), false, true),
        (Protocol::TCP, find("nowhere"), false, true),
    ] {
        let query = query(protocol, app);
        assert_eq!(sessions.first.contains(&query), first, "{query:?}");
        assert_eq!(sessions.identified.contains(&query), identified, "{query:?}");
    }
    assert!(Space::all().blocks().iter().all(|block: &Block| !block.is_empty()));
}
