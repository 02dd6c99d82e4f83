//! The to-be-signed part of a certificate (RFC 5280 §4.1.1.1), and what is around it.

use std::ops::Range;
use std::sync::Arc;

use der::asn1::{AnyRef, BitStringRef, IntRef, ObjectIdentifier, OctetStringRef, SetOfVec};
use der::oid::AssociatedOid;
use der::{Decode, Encode, Header, Length, Reader, Sequence, Tag, Tagged, ValueOrd, Writer};
use x509_cert::Version;
use x509_cert::ext::pkix::SubjectKeyIdentifier;
use x509_cert::name::Name;
use x509_cert::spki::AlgorithmIdentifierRef;
use x509_cert::time::Validity as Dates;

use crate::certificate::malformed;
use crate::error::Result;
use crate::key::PublicKey;

/// What stands there already encoded, header and all, and is not touched.
#[derive(Clone, Copy)]
pub(crate) struct Exact<'a>(pub(crate) &'a [u8]);

impl<'a> Decode<'a> for Exact<'a> {
    type Error = der::Error;

    fn decode<R: Reader<'a>>(reader: &mut R) -> der::Result<Self> {
        reader.tlv_bytes().map(Self)
    }
}

impl Encode for Exact<'_> {
    fn encoded_len(&self) -> der::Result<Length> {
        Length::try_from(self.0.len())
    }

    fn encode(&self, writer: &mut impl Writer) -> der::Result<()> {
        writer.write(self.0)
    }
}

/// A Name (RFC 5280 §4.1.2.4) as it stands there, header and all. It was held to its form.
#[derive(Clone, Copy)]
pub(crate) struct ExactName<'a>(pub(crate) &'a [u8]);

impl<'a> Decode<'a> for ExactName<'a> {
    type Error = der::Error;

    fn decode<R: Reader<'a>>(reader: &mut R) -> der::Result<Self> {
        // Of the same reader: a fault says where in the certificate it is.
        Vec::<SetOfVec<Attribute<'a>>>::decode(&mut reader.clone())?;
        reader.tlv_bytes().map(Self)
    }
}

impl Encode for ExactName<'_> {
    fn encoded_len(&self) -> der::Result<Length> {
        Exact(self.0).encoded_len()
    }

    fn encode(&self, writer: &mut impl Writer) -> der::Result<()> {
        Exact(self.0).encode(writer)
    }
}

/// `AttributeTypeAndValue` (RFC 5280 §4.1.2.4).
#[derive(Sequence, ValueOrd)]
struct Attribute<'a> {
    oid: ObjectIdentifier,
    value: AnyRef<'a>,
}

/// `TBSCertificate` (RFC 5280 §4.1), its names and key as they are.
#[derive(Sequence)]
pub(crate) struct Tbs<'a> {
    #[asn1(context_specific = "0", default = "Version::default")]
    pub(crate) version: Version,
    pub(crate) serial: IntRef<'a>,
    pub(crate) signature: Exact<'a>,
    pub(crate) issuer: ExactName<'a>,
    pub(crate) dates: Dates,
    pub(crate) subject: ExactName<'a>,
    pub(crate) public_key: Exact<'a>,
    #[asn1(context_specific = "1", tag_mode = "IMPLICIT", optional = "true")]
    pub(crate) issuer_unique_id: Option<BitStringRef<'a>>,
    #[asn1(context_specific = "2", tag_mode = "IMPLICIT", optional = "true")]
    pub(crate) subject_unique_id: Option<BitStringRef<'a>>,
    #[asn1(context_specific = "3", tag_mode = "EXPLICIT", optional = "true")]
    pub(crate) extensions: Option<Vec<Extension<'a>>>,
}

/// `Extension` (RFC 5280 §4.1), its value as it is.
#[derive(Sequence)]
pub(crate) struct Extension<'a> {
    pub(crate) oid: ObjectIdentifier,
    #[asn1(default = "bool::default")]
    pub(crate) critical: bool,
    pub(crate) value: &'a OctetStringRef,
}

/// What is signed, how, and the signature: the frame of certificates, requests and lists
/// (RFC 5280 §4.1.1).
#[derive(Sequence)]
pub(crate) struct Signed<'a> {
    pub(crate) message: Exact<'a>,
    pub(crate) algorithm: Exact<'a>,
    pub(crate) signature: BitStringRef<'a>,
}

/// What a to-be-signed certificate says, and where in it the rest stands. Places count
/// from its first byte.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Outline {
    pub(crate) version: Version,
    serial: Range<usize>,
    pub(crate) signature_algorithm: ObjectIdentifier,
    /// The kind of its parameters, where it has any.
    pub(crate) signature_parameters: Option<Tag>,
    /// The TLV of the same.
    signature: Range<usize>,
    issuer: Range<usize>,
    pub(crate) dates: Dates,
    subject: Range<usize>,
    pub(crate) public_key: PublicKey,
    key: Range<usize>,
    /// Shared with the certificates that have everything in the same places.
    extensions: Arc<[Place]>,
}

#[derive(Clone, Debug, PartialEq, Eq)]
struct Place {
    oid: ObjectIdentifier,
    critical: bool,
    value: Range<usize>,
}

impl Outline {
    /// Of bytes that anybody may have made.
    pub(crate) fn read(tbs: &[u8]) -> Result<Self> {
        let parts = Tbs::from_der(tbs).map_err(|e| malformed(&e))?;
        if parts.serial.as_bytes().len() > MOST_OF_A_SERIAL {
            return Err(malformed(&"its serial number has more than 20 octets (RFC 5280 §4.1.2.2)"));
        }
        let key = PublicKey::from_der(parts.public_key.0).map_err(|e| malformed(&e))?;
        Self::of(tbs, &parts, key).map_err(|e| malformed(&e))
    }

    /// Of bytes that these parts were written as just now, for this key. Reading them takes
    /// as long as writing them did; but DER has no gaps, so from the end each part stands
    /// right before the one behind it. Where debug assertions are on, they are read too.
    pub(crate) fn of_written(tbs: &[u8], parts: &Tbs<'_>, public_key: &PublicKey) -> der::Result<Self> {
        let mut start = tbs.len();
        let mut back = |length: usize| {
            let end = start;
            start = end.checked_sub(length).ok_or(der::ErrorKind::Overlength)?;
            Ok::<_, der::Error>(start..end)
        };
        let mut extensions = Vec::with_capacity(parts.extensions.as_ref().map_or(0, Vec::len));
        for e in parts.extensions.iter().flatten().rev() {
            let end = back(length(e)?)?.end;
            let value = end.saturating_sub(e.value.as_bytes().len())..end;
            extensions.push(Place { oid: e.oid, critical: e.critical, value });
        }
        extensions.reverse();
        if parts.extensions.is_some() {
            // The list's header, and that of the tag around it.
            let list = tbs.len() - back(0)?.start;
            let header = header(list)?;
            back(header)?;
            back(self::header(list + header)?)?;
        }
        let key = back(parts.public_key.0.len())?;
        let subject = back(parts.subject.0.len())?;
        back(length(&parts.dates)?)?;
        let issuer = back(parts.issuer.0.len())?;
        let signature = back(parts.signature.0.len())?;
        let serial = back(length(&parts.serial)?)?.end;
        // Before it stand the frame's header and the version, and nothing else.
        let before = back(0)?.start;
        if tbs.get(..before).is_none_or(|before| !before.ends_with(&VERSION_3))
            || before != header(tbs.len() - before + VERSION_3.len())? + VERSION_3.len()
        {
            return Err(der::ErrorKind::Failed.into());
        }
        let algorithm = AlgorithmIdentifierRef::from_der(parts.signature.0)?;
        let written = Self {
            version: parts.version,
            serial: serial.saturating_sub(parts.serial.as_bytes().len())..serial,
            signature_algorithm: algorithm.oid,
            signature_parameters: algorithm.parameters.map(|p| p.tag()),
            signature,
            issuer,
            dates: parts.dates,
            subject,
            key,
            public_key: public_key.clone(),
            extensions: extensions.into(),
        };
        if cfg!(debug_assertions) {
            let read = Self::of(tbs, &Tbs::from_der(tbs)?, public_key.clone())?;
            debug_assert_eq!(written, read, "the parts are not where they were put");
        }
        Ok(written)
    }

    /// Of bytes that have everything in the same places, for this key.
    pub(crate) fn with_key(&self, public_key: &PublicKey) -> Self {
        Self {
            serial: self.serial.clone(),
            signature: self.signature.clone(),
            issuer: self.issuer.clone(),
            subject: self.subject.clone(),
            key: self.key.clone(),
            extensions: self.extensions.clone(),
            public_key: public_key.clone(),
            ..*self
        }
    }

    /// Where the serial number, the public key and its identifier stand: what a certificate
    /// has of its own. None where it has no identifier.
    pub(crate) fn own_places(&self) -> Option<(Range<usize>, Range<usize>, Range<usize>)> {
        let id = self.extensions.iter().find(|e| e.oid == SubjectKeyIdentifier::OID)?;
        // An OCTET STRING's header is before it.
        let id = id.value.start + 2..id.value.end;
        Some((self.serial.clone(), self.key.clone(), id))
    }

    fn of(tbs: &[u8], parts: &Tbs<'_>, public_key: PublicKey) -> der::Result<Self> {
        let place = |part: &[u8]| {
            let start = part.as_ptr() as usize - tbs.as_ptr() as usize;
            start..start + part.len()
        };
        let extension =
            |e: &Extension<'_>| Place { oid: e.oid, critical: e.critical, value: place(e.value.as_bytes()) };
        let signature = AlgorithmIdentifierRef::from_der(parts.signature.0)?;
        Ok(Self {
            version: parts.version,
            serial: place(parts.serial.as_bytes()),
            signature_algorithm: signature.oid,
            signature_parameters: signature.parameters.map(|p| p.tag()),
            signature: place(parts.signature.0),
            issuer: place(parts.issuer.0),
            dates: parts.dates,
            subject: place(parts.subject.0),
            extensions: parts.extensions.iter().flatten().map(extension).collect(),
            key: place(parts.public_key.0),
            public_key,
        })
    }
}

/// Octets of a serial number: 20, and one before it where its first bit is set.
const MOST_OF_A_SERIAL: usize = 21;

/// The version of a certificate with extensions, in its tag.
const VERSION_3: [u8; 5] = [0xa0, 0x03, 0x02, 0x01, 0x02];

fn length(part: &impl Encode) -> der::Result<usize> {
    part.encoded_len().and_then(usize::try_from)
}

/// The length of the header before so many octets.
fn header(octets: usize) -> der::Result<usize> {
    length(&Header::new(Tag::Sequence, Length::try_from(octets)?))
}

/// A to-be-signed certificate that has been read: its bytes, and what stands where.
#[derive(Clone, Copy)]
pub(crate) struct Read<'a> {
    pub(crate) bytes: &'a [u8],
    pub(crate) outline: &'a Outline,
}

impl<'a> Read<'a> {
    /// The serial number's octets.
    pub(crate) fn serial(self) -> &'a [u8] {
        self.at(&self.outline.serial)
    }

    /// Whether the serial number is below zero.
    pub(crate) fn has_negative_serial(self) -> bool {
        self.serial().first().is_some_and(|octet| *octet >= 0x80)
    }

    /// The TLV of the signature's algorithm.
    pub(crate) fn signature(self) -> &'a [u8] {
        self.at(&self.outline.signature)
    }

    /// The issuer's exact Name.
    pub(crate) fn issuer(self) -> &'a [u8] {
        self.at(&self.outline.issuer)
    }

    /// The subject's exact Name.
    pub(crate) fn subject(self) -> &'a [u8] {
        self.at(&self.outline.subject)
    }

    /// The extensions in order: what each is, whether it is critical, its value.
    pub(crate) fn extensions(self) -> impl Iterator<Item = (ObjectIdentifier, bool, &'a [u8])> {
        self.outline.extensions.iter().map(move |e| (e.oid, e.critical, self.at(&e.value)))
    }

    /// The extension of a kind, if there is one, and whether it is critical.
    ///
    /// # Errors
    /// Where it cannot be read or stands there twice.
    pub(super) fn extension<T>(self) -> der::Result<Option<(bool, T)>>
    where
        T: AssociatedOid + Decode<'a, Error = der::Error>,
    {
        let mut found = self.extensions().filter(|(oid, ..)| *oid == T::OID);
        let Some((_, critical, value)) = found.next() else { return Ok(None) };
        if found.next().is_some() {
            return Err(der::ErrorKind::Failed.into());
        }
        Ok(Some((critical, T::from_der(value)?)))
    }

    fn at(self, place: &Range<usize>) -> &'a [u8] {
        // The places were taken from these bytes.
        self.bytes.get(place.clone()).unwrap_or_default()
    }
}

/// A Name that was read before; one without attributes where it cannot be.
pub(super) fn name(der: &[u8]) -> Name {
    Name::from_der(der).unwrap_or_default()
}
