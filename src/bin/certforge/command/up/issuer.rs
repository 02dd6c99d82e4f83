//! The CA that `up` issues from, made where there is none.

use std::panic::resume_unwind;
use std::thread::{Builder, ScopedJoinHandle, scope};

use certforge::key::PrivateKey;
use certforge::store::{CaEntry, KeyState, Saved};
use certforge::{Authority, CaPlan, Finding, LeafPlan, Template};

use crate::command::ca::new::{LimitArgs, between, for_java, rehearsed, request, root_name, under_lost_root};
use crate::command::issue::StrictArgs;
use crate::command::passphrase::PassphraseArgs;
use crate::context::{Context, Failure};
use crate::environment;
use crate::report::{CaReport, State};

// What kind of CA is made where there is none.
#[derive(clap::Args)]
pub struct ShapeArgs {
    /// Make a root and an issuing CA under it (root, intermediate, leaf), where there is no CA yet
    #[arg(long)]
    three_tier: bool,
    /// The same, and never write the root's key to a disk
    #[arg(long)]
    throw_away_root: bool,
    #[command(flatten)]
    limits: LimitArgs,
    /// Encrypt the keys of new CAs with a pass phrase; --passphrase-file implies it
    #[arg(long)]
    encrypt: bool,
}

/// The leaf as a CA that is not made yet could sign it, and that CA. One that could not is not made.
pub fn rehearse(
    ca: &CaPlan,
    leaf: &LeafPlan,
    strict: &StrictArgs,
) -> certforge::Result<(LeafPlan, Authority)> {
    let authority = rehearsed(ca)?;
    let leaf = strict.fit(&authority, leaf.clone())?;
    authority.check(&leaf)?;
    Ok((leaf, authority))
}

/// The CA that issues, and what was made for it.
pub struct Issuer {
    pub authority: Authority,
    pub saved: Option<Saved>,
    /// The root above it, where one was made.
    pub root: Option<CaReport>,
    /// The leaf's key, where it was made meanwhile.
    pub early_key: Option<PrivateKey>,
    pub findings: Vec<Finding>,
}

impl ShapeArgs {
    /// Whether a CA of a certain kind is asked for.
    pub const fn is_given(&self) -> bool {
        self.three_tier || self.throw_away_root || self.limits.is_given() || self.encrypt
    }

    /// Whether the CA that issues stands under one of its own.
    pub const fn has_root(&self) -> bool {
        self.three_tier || self.throw_away_root
    }

    /// The plan of the CA that issues, were it to be made.
    pub fn plan(&self, name: &str, leaf: &LeafPlan, context: &Context) -> Result<CaPlan, Failure> {
        let mut wanted = request(name).key(leaf.key()).constraints(self.limits.constraints()?);
        if self.has_root() {
            wanted = wanted.template(Template::INTERMEDIATE);
        }
        if self.throw_away_root {
            // Nobody can issue it anew: it is to last as long as its root.
            wanted = wanted.lifetime(certforge::Lifetime::days(Template::CA.days()));
        }
        Ok(wanted.plan(context.now)?)
    }

    /// The root that would be kept above it, where one would be.
    pub fn planned_root(
        &self,
        name: &str,
        ca: &CaPlan,
        context: &Context,
    ) -> Result<Option<CaReport>, Failure> {
        let name = root_name(name);
        if !self.three_tier || self.throw_away_root || context.store.has_authority(&name)? {
            return Ok(None);
        }
        let plan = request(&name).key(ca.key()).plan(context.now)?;
        Ok(Some(CaReport::planned(&name, &context.store.ca_folder(&name)?, &plan, context.now)))
    }

    /// Refuses to go on with a CA of another kind than the one that is asked for.
    fn check(&self, name: &str, entry: &CaEntry) -> Result<(), Failure> {
        let found = &entry.certificate;
        let other = |what: &str| {
            Failure::usage(
                format!("the CA {name} is there already, and {what}"),
                "leave the flag out to use it as it is, or give --ca with a new name",
            )
        };
        if self.has_root() && found.is_self_issued() {
            return Err(other("is a root itself"));
        }
        if self.encrypt && entry.key_state()? == KeyState::Plain {
            return Err(Failure::usage(
                format!("the CA {name} is there already, and its key is not encrypted"),
                format!("certforge ca rekey-passphrase {name} encrypts it; then run this again"),
            ));
        }
        if self.limits.is_given()
            && !found.name_constraints()?.unwrap_or_default().is_written_as(&self.limits.constraints()?)
        {
            return Err(other("has other limits"));
        }
        Ok(())
    }
}

/// The CA, made where there is none. The leaf's key is made at the same time on
/// another thread: with RSA, finding primes is nearly all there is to do.
pub fn ensure(
    context: &Context,
    shape: &ShapeArgs,
    (passphrase, strict): (&PassphraseArgs, &StrictArgs),
    name: &str,
    (ca_plan, leaf): (&CaPlan, &LeafPlan),
) -> Result<Issuer, Failure> {
    let store = &context.store;
    let mut unlock = passphrase.unlock();
    if store.has_authority(name)? {
        shape.check(name, &store.ca_entry(name)?)?;
        let loaded = store.authority(name, context.now, &mut unlock)?;
        let (authority, findings) = (loaded.authority, loaded.findings);
        return Ok(Issuer { authority, saved: None, root: None, early_key: None, findings });
    }
    rehearse(ca_plan, leaf, strict)?;
    let secret =
        if shape.encrypt || passphrase.is_given() { Some(passphrase.fresh("the new CA")?) } else { None };
    let secret = secret.as_ref().map(|s| s.as_str());
    scope(|scope| {
        // A seed belongs to one thread.
        let generate = || {
            let key = PrivateKey::generate(leaf.key());
            environment::wipe_stack();
            key
        };
        let early = (leaf.key().is_rsa() && !environment::is_seeded())
            .then(|| Builder::new().spawn_scoped(scope, generate));
        // Where there is no thread to be had, it is made when its turn comes.
        let early = early.and_then(Result::ok);
        let mut findings = Vec::new();
        let mut root = None;
        let above = if shape.three_tier && !shape.throw_away_root {
            let root_name = root_name(name);
            let make = || {
                let plan = request(&root_name).key(leaf.key()).plan(context.now)?;
                Authority::create(&plan, PrivateKey::generate(plan.key())?)
            };
            let (loaded, saved) =
                store.ensure_authority(&root_name, context.now, &mut unlock, (secret, None), make)?;
            let state = if saved.is_some() { State::Created } else { State::Unchanged };
            let folder = store.ca_folder(&root_name)?;
            let certificate = loaded.authority.certificate();
            let report = CaReport::of(state, &root_name, &folder, certificate, context.now);
            root = Some(match &saved {
                Some(saved) => report.saved(saved),
                None => report,
            });
            findings.extend(loaded.findings);
            Some(loaded.authority)
        } else {
            None
        };
        let above_name = above.is_some().then(|| root_name(name));
        let make = || {
            let key = PrivateKey::generate(ca_plan.key())?;
            match &above {
                Some(root) => root.create_under(&ca_plan.clone().within(root.validity()), key),
                None if shape.throw_away_root => under_lost_root(ca_plan, key, name, context),
                None => Authority::create(ca_plan, key),
            }
        };
        let (loaded, saved) =
            store.ensure_authority(name, context.now, &mut unlock, (secret, above_name.as_deref()), make)?;
        findings.extend(loaded.findings);
        if saved.is_some() {
            let authority = &loaded.authority;
            findings.extend(for_java(authority.certificate(), between(authority.chain().certificates())));
        }
        // A panic has ended the command already.
        let join =
            |thread: ScopedJoinHandle<'_, _>| thread.join().unwrap_or_else(|panic| resume_unwind(panic));
        let early_key = early.map(join).transpose()?;
        Ok(Issuer { authority: loaded.authority, saved, root, early_key, findings })
    })
}
