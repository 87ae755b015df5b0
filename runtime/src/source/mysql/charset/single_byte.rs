//! The charsets of one byte a character: what the servers make of the bytes from 80 on.
//!
//! The tables are what the servers' own SELECT says of every byte (`charsets.select.tsv` among the
//! recorded logs); MariaDB and MySQL agree. Below 80 these charsets are ASCII.

use super::{NO_CHARACTERS, Read, push};

/// Characters of the bytes from 80 on.
pub(super) type Upper = [char; 128];

/// Stands where a byte is no character.
const NONE: char = char::REPLACEMENT_CHARACTER;

/// Appends text as UTF-8.
pub(super) fn append(upper: &Upper, text: &[u8], out: &mut Vec<u8>) -> Read<()> {
    for &byte in text {
        let character = match usize::from(byte).checked_sub(upper.len()) {
            None => char::from(byte),
            Some(index) => upper.get(index).copied().filter(|c| *c != NONE).ok_or(NO_CHARACTERS)?,
        };
        push(character, out);
    }
    Ok(())
}

/// Appends text in swe7 as UTF-8: ASCII, but for the letters that Swedish needs.
pub(super) fn append_swe7(text: &[u8], out: &mut Vec<u8>) -> Read<()> {
    for &byte in text {
        let character = match byte {
            b'@' => 'É',
            b'[' => 'Ä',
            b'\\' => 'Ö',
            b']' => 'Å',
            b'^' => 'Ü',
            b'`' => 'é',
            b'{' => 'ä',
            b'|' => 'ö',
            b'}' => 'å',
            b'~' => 'ü',
            other if other.is_ascii() => char::from(other),
            _ => return Err(NO_CHARACTERS),
        };
        push(character, out);
    }
    Ok(())
}

/// A table from the characters in order. With 96 characters it is that of the bytes from A0 on, and
/// those before are the controls of ISO 6429, as in all parts of ISO 8859.
#[allow(clippy::indexing_slicing, reason = "runs when this is compiled, and fails then or never")]
const fn upper(characters: &str) -> Upper {
    let bytes = characters.as_bytes();
    let mut table = ['\0'; 128];
    let (mut from, mut to) = (0, 0);
    // Every character from here on takes two bytes, but for the few of ASCII, or three.
    while from < bytes.len() {
        let first = bytes[from] as u32;
        let (length, mut code) = match first {
            0..0x80 => (1, first),
            0x80..0xe0 => (2, first & 0x1f),
            _ => (3, first & 0x0f),
        };
        let mut next = 1;
        while next < length {
            code = code << 6 | bytes[from + next] as u32 & 0x3f;
            next += 1;
        }
        table[to] = match char::from_u32(code) {
            Some(character) => character,
            None => panic!("text is UTF-8"),
        };
        from += length;
        to += 1;
    }
    if to == 96 {
        let mut byte = 128;
        while byte > 0 {
            byte -= 1;
            table[byte] = if byte < 32 { (0x80 + byte as u8) as char } else { table[byte - 32] };
        }
    } else {
        assert!(to == 128, "a table has 96 or 128 characters");
    }
    table
}

pub(super) static ARMSCII8: Upper = upper(
    "\
     \u{a0}❁§։)(»«—.՝,-՟…՜՛՞ԱաԲբԳգԴդԵեԶզԷէԸըԹթԺժԻիԼլԽխԾծԿկՀհՁձՂղՃճՄմՅյՆնՇշՈոՉչՊպՋջՌռՍսՎվՏտ\
     ՐրՑցՒւՓփՔքՕօՖֆ’'",
);
pub(super) static CP850: Upper = upper(
    "\
     ÇüéâäàåçêëèïîìÄÅÉæÆôöòûùÿÖÜø£Ø×ƒáíóúñÑªº¿®¬½¼¡«»░▒▓│┤ÁÂÀ©╣║╗╝¢¥┐└┴┬├─┼ãÃ╚╔╩╦╠═╬¤\
     ðÐÊËÈıÍÎÏ┘┌█▄¦Ì▀ÓßÔÒõÕµþÞÚÛÙýÝ¯´\u{ad}±‗¾¶§÷¸°¨·¹³²■\u{a0}",
);
pub(super) static CP852: Upper = upper(
    "\
     ÇüéâäůćçłëŐőîŹÄĆÉĹĺôöĽľŚśÖÜŤťŁ×čáíóúĄąŽžĘę¬źČş«»░▒▓│┤ÁÂĚŞ╣║╗╝Żż┐└┴┬├─┼Ăă╚╔╩╦╠═╬¤\
     đĐĎËďŇÍÎě┘┌█▄ŢŮ▀ÓßÔŃńňŠšŔÚŕŰýÝţ´\u{ad}˝˛ˇ˘§÷¸°¨˙űŘř■\u{a0}",
);
pub(super) static CP866: Upper = upper(
    "\
     АБВГДЕЖЗИЙКЛМНОПРСТУФХЦЧШЩЪЫЬЭЮЯабвгдежзийклмноп░▒▓│┤╡╢╖╕╣║╗╝╜╛┐└┴┬├─┼╞╟╚╔╩╦╠═╬╧\
     ╨╤╥╙╘╒╓╫╪┘┌█▄▌▐▀рстуфхцчшщъыьэюяЁёЄєЇїЎў°∙·√ⁿ²■\u{a0}",
);
pub(super) static CP1250: Upper = upper(
    "\
     €�‚�„…†‡�‰Š‹ŚŤŽŹ�‘’“”•–—�™š›śťžź\u{a0}ˇ˘Ł¤Ą¦§¨©Ş«¬\u{ad}®Ż°±˛ł´µ¶·¸ąş»Ľ˝ľżŔÁÂĂÄĹĆÇČÉĘËĚÍÎĎ\
     ĐŃŇÓÔŐÖ×ŘŮÚŰÜÝŢßŕáâăäĺćçčéęëěíîďđńňóôőö÷řůúűüýţ˙",
);
pub(super) static CP1251: Upper = upper(
    "\
     ЂЃ‚ѓ„…†‡€‰Љ‹ЊЌЋЏђ‘’“”•–—�™љ›њќћџ\u{a0}ЎўЈ¤Ґ¦§Ё©Є«¬\u{ad}®Ї°±Ііґµ¶·ё№є»јЅѕїАБВГДЕЖЗИЙКЛМНОП\
     РСТУФХЦЧШЩЪЫЬЭЮЯабвгдежзийклмнопрстуфхцчшщъыьэюя",
);
pub(super) static CP1256: Upper = upper(
    "\
     €\u{67e}‚ƒ„…†‡ˆ‰�‹Œ\u{686}\u{698}�\u{6af}‘’“”•–—�™�›œ\u{200c}\u{200d}�\
     \u{a0}،¢£¤¥¦§¨©�«¬\u{ad}®¯°±²³´µ¶·¸¹\u{61b}»¼½¾\u{61f}\
     �\u{621}\u{622}\u{623}\u{624}\u{625}\u{626}\u{627}\u{628}\u{629}\u{62a}\u{62b}\u{62c}\
     \u{62d}\u{62e}\u{62f}\
     \u{630}\u{631}\u{632}\u{633}\u{634}\u{635}\u{636}×\u{637}\u{638}\u{639}\u{63a}\u{640}\
     \u{641}\u{642}\u{643}à\u{644}â\u{645}\u{646}\u{647}\u{648}çèéêë\u{649}\u{64a}îï\
     \u{64b}\u{64c}\u{64d}\u{64e}ô\u{64f}\u{650}÷\u{651}ù\u{652}ûü\u{200e}\u{200f}�",
);
pub(super) static CP1257: Upper = upper(
    "\
     €�‚�„…†‡�‰�‹�¨ˇ¸�‘’“”•–—�™�›�¯˛�\u{a0}�¢£¤�¦§Ø©Ŗ«¬\u{ad}®Æ°±²³´µ¶·ø¹ŗ»¼½¾æĄĮĀĆÄÅĘĒČÉŹĖĢĶĪĻ\
     ŠŃŅÓŌÕÖ×ŲŁŚŪÜŻŽßąįāćäåęēčéźėģķīļšńņóōõö÷ųłśūüżž˙",
);
pub(super) static DEC8: Upper = upper(
    "\
     \u{a0}¡¢£�¥�§¤©ª«����°±²³�µ¶·�¹º»¼½�¿ÀÁÂÃÄÅÆÇÈÉÊËÌÍÎÏ�ÑÒÓÔÕÖŒØÙÚÛÜŸ�ßàáâãäåæçèéêëìíîï\
     �ñòóôõöœøùúûüÿ��",
);
pub(super) static GEOSTD8: Upper = upper(
    "\
     €�‚�„…†‡�‰�‹�����‘’“”•–—���›����\u{a0}¡¢£¤¥¦§¨©ª«¬\u{ad}®¯°±²³´µ¶·¸¹º»¼½¾¿აბგდევზჱთიკლმნჲო\
     პჟრსტჳუფქღყშჩცძწჭხჴჯჰჵ�����������������������№��",
);
pub(super) static GREEK: Upper = upper(
    "\
     \u{a0}ʽʼ£��¦§¨©�«¬\u{ad}�―°±²³΄΅Ά·ΈΉΊ»Ό½ΎΏΐΑΒΓΔΕΖΗΘΙΚΛΜΝΞΟΠΡ�ΣΤΥΦΧΨΩΪΫάέήίΰαβγδεζηθικλμνξο\
     πρςστυφχψωϊϋόύώ�",
);
pub(super) static HEBREW: Upper = upper(
    "\
     \u{a0}�¢£¤¥¦§¨©×«¬\u{ad}®‾°±²³´µ¶·¸¹÷»¼½¾��������������������������������‗\
     \u{5d0}\u{5d1}\u{5d2}\u{5d3}\u{5d4}\u{5d5}\u{5d6}\u{5d7}\u{5d8}\u{5d9}\u{5da}\u{5db}\u{5dc}\
     \u{5dd}\u{5de}\u{5df}\
     \u{5e0}\u{5e1}\u{5e2}\u{5e3}\u{5e4}\u{5e5}\u{5e6}\u{5e7}\u{5e8}\u{5e9}\u{5ea}��\u{200e}\
     \u{200f}�",
);
pub(super) static HP8: Upper = upper(
    "\
     \u{a0}ÀÂÈÊËÎÏ´ˋˆ¨˜ÙÛ₤¯Ýý°ÇçÑñ¡¿¤£¥§ƒ¢âêôûáéóúàèòùäëöüÅîØÆåíøæÄìÖÜÉïßÔÁÃãÐðÍÌÓÒÕõŠšÚŸÿ\
     Þþ·µ¶¾—¼½ªº«■»±�",
);
pub(super) static KEYBCS2: Upper = upper(
    "\
     ČüéďäĎŤčěĚĹÍľĺÄÁÉžŽôöÓůÚýÖÜŠĽÝŘťáíóúňŇŮÔšřŕŔ¼¡«»░▒▓│┤╡╢╖╕╣║╗╝╜╛┐└┴┬├─┼╞╟╚╔╩╦╠═╬╧\
     ╨╤╥╙╘╒╓╫╪┘┌█▄▌▐▀αßΓπΣσµτΦΘΩδ∞φε∩≡±≥≤⌠⌡÷≈°∙·√ⁿ²■\u{a0}",
);
pub(super) static KOI8R: Upper = upper(
    "\
     ─│┌┐└┘├┤┬┴┼▀▄█▌▐░▒▓⌠■∙√≈≤≥\u{a0}⌡°²·÷═║╒ё╓╔╕╖╗╘╙╚╛╜╝╞╟╠╡Ё╢╣╤╥╦╧╨╩╪╫╬©юабцдефгхийклмно\
     пярстужвьызшэщчъЮАБЦДЕФГХИЙКЛМНОПЯРСТУЖВЬЫЗШЭЩЧЪ",
);
pub(super) static KOI8U: Upper = upper(
    "\
     ─│┌┐└┘├┤┬┴┼▀▄█▌▐░▒▓⌠■•√≈≤≥\u{a0}⌡°²·÷═║╒ёє╔ії╗╘╙╚╛ґ╝╞╟╠╡ЁЄ╣ІЇ╦╧╨╩╪Ґ╬©юабцдефгхийклмно\
     пярстужвьызшэщчъЮАБЦДЕФГХИЙКЛМНОПЯРСТУЖВЬЫЗШЭЩЧЪ",
);
pub(super) static LATIN2: Upper = upper(
    "\
     \u{a0}Ą˘Ł¤ĽŚ§¨ŠŞŤŹ\u{ad}ŽŻ°ą˛ł´ľśˇ¸šşťź˝žżŔÁÂĂÄĹĆÇČÉĘËĚÍÎĎĐŃŇÓÔŐÖ×ŘŮÚŰÜÝŢßŕáâăäĺćçčéęëěíîď\
     đńňóôőö÷řůúűüýţ˙",
);
pub(super) static LATIN5: Upper = upper(
    "\
     \u{a0}¡¢£¤¥¦§¨©ª«¬\u{ad}®¯°±²³´µ¶·¸¹º»¼½¾¿ÀÁÂÃÄÅÆÇÈÉÊËÌÍÎÏĞÑÒÓÔÕÖ×ØÙÚÛÜİŞßàáâãäåæçèéêëìíîï\
     ğñòóôõö÷øùúûüışÿ",
);
pub(super) static LATIN7: Upper = upper(
    "\
     \u{a0}”¢£¤„¦§Ø©Ŗ«¬\u{ad}®Æ°±²³“µ¶·ø¹ŗ»¼½¾æĄĮĀĆÄÅĘĒČÉŹĖĢĶĪĻŠŃŅÓŌÕÖ×ŲŁŚŪÜŻŽßąįāćäåęēčéźėģķīļ\
     šńņóōõö÷ųłśūüżž’",
);
pub(super) static MACCE: Upper = upper(
    "\
     ÄĀāÉĄÖÜáąČäčĆćéŹźĎíďĒēĖóėôöõúĚěü†°Ę£§•¶ß®©™ę¨≠ģĮįĪ≤≥īĶ∂∑łĻļĽľĹĺŅņŃ¬√ńŇ∆«»…\u{a0}ňŐÕőŌ\
     –—“”‘’÷◊ōŔŕŘ‹›řŖŗŠ‚„šŚśÁŤťÍŽžŪÓÔūŮÚůŰűŲųÝýķŻŁżĢˇ",
);
pub(super) static MACROMAN: Upper = upper(
    "\
     ÄÅÇÉÑÖÜáàâäãåçéèêëíìîïñóòôöõúùûü†°¢£§•¶ß®©™´¨≠ÆØ∞±≤≥¥µ∂∑∏π∫ªºΩæø¿¡¬√ƒ≈∆«»…\u{a0}ÀÃÕŒœ\
     –—“”‘’÷◊ÿŸ⁄€‹›ﬁﬂ‡·‚„‰ÂÊÁËÈÍÎÏÌÓÔ\u{f8ff}ÒÚÛÙıˆ˜¯˘˙˚¸˝˛ˇ",
);
pub(super) static TIS620: Upper = upper(
    "\
     �กขฃคฅฆงจฉชซฌญฎฏฐฑฒณดตถทธนบปผฝพฟภมยรฤลฦวศษสหฬอฮฯ\
     ะ\u{e31}าำ\u{e34}\u{e35}\u{e36}\u{e37}\u{e38}\u{e39}\u{e3a}����฿\
     เแโใไๅๆ\u{e47}\u{e48}\u{e49}\u{e4a}\u{e4b}\u{e4c}\u{e4d}\u{e4e}๏๐๑๒๓๔๕๖๗๘๙๚๛����",
);
