package io.github.notearchive.media.format;

import static org.assertj.core.api.Assertions.assertThat;

import io.github.notearchive.note.MediaKind;
import io.github.notearchive.note.MediaType;
import java.nio.charset.StandardCharsets;
import java.util.Arrays;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** The first bytes of a file determine its type, not its name or headers. */
class TypeSnifferTests {

    @ParameterizedTest
    @CsvSource(
            quoteCharacter = '"',
            value = {
                "\"\u00ff\u00d8\u00ff\u00e0\", JPEG",
                "\"\u0089PNG\r\n\u001a\n\", PNG",
                "GIF89a, GIF",
                "RIFF0000WEBPVP8, WEBP",
                "RIFF0000WAVEfmt, WAV",
                "\"\u0000\u0000\u0000\u0018ftypheic\", HEIC",
                "\"\u0000\u0000\u0000\u0018ftypmif1\u0000\u0000\u0000\u0000mif1heic\", HEIC",
                "\"\u0000\u0000\u0000\u0018ftypmif1\u0000\u0000\u0000\u0000mif1avif\", AVIF",
                "\"\u0000\u0000\u0000\u0018ftypavif\", AVIF",
                "\"\u0000\u0000\u0000\u0018ftypisom\", MP4",
                "\"\u0000\u0000\u0000\u0018ftypM4A \", M4A",
                "\"\u0000\u0000\u0000\u0018ftypqt  \", MOV",
                "\"\u0000\u0000\u0000\u0018moov\", MOV",
                "\"ID3\u0004\", MP3",
                "\"\u00ff\u00fb\u0090\u0000\", MP3",
                "\"\u00ff\u00f1\u0050\u0080\", AAC",
                "fLaC, FLAC",
                "OggS, OGG",
                "\"1\n00:00:00,000 --> 00:00:01,500\nhello\", SRT",
                "\"\u00ef\u00bb\u00bf\r\n12\r\n00:00:00,000 --> 00:00:01,500\r\n\", SRT",
                "\"00:00:00.000 --> 00:00:01.500\", SRT",
                "WEBVTT, VTT",
                "\"\u00ef\u00bb\u00bfWEBVTT - words\n\n\", VTT"
            })
    void typeIsDetectedFromTheFirstBytes(String head, MediaType type) {
        assertThat(TypeSniffer.sniff(bytes(head))).contains(type);
    }

    @Test
    void typeOfASampleIsThatOfItsExtension() {
        for (String name : Samples.names()) {
            byte[] head = Arrays.copyOf(Samples.bytes(name), TypeSniffer.HEAD_LENGTH);

            assertThat(TypeSniffer.sniff(head).map(MediaType::extension)).contains(name.replaceAll(".*\\.", ""));
        }
        assertThat(MediaType.MP4.contentType()).isEqualTo("video/mp4");
    }

    @ParameterizedTest
    @CsvSource(
            quoteCharacter = '~',
            value = {
                "VIDEO, <!DOCTYPE html>, HTML or XML instead of media",
                "VIDEO, ~  <?xml version=\"1.0\"?>~, HTML or XML instead of media",
                "VIDEO, ~{\"code\":404}~, JSON instead of media",
                "VIDEO, ~\u00ef\u00bb\u00bf[1]~, JSON instead of media",
                "VIDEO, ~\u001f\u008b\u0008\u0000~, ~unknown media type, first bytes 1f8b0800~",
                "VIDEO, ~\u00ff\u00ff\u00ff\u00ff~, ~unknown media type, first bytes ffffffff~",
                "VIDEO, GIF89a, image/gif instead of VIDEO",
                "IMAGE, ~~, empty body",
                "SUBTITLE, <html>00:00:00.000 --> 00:00:01.500, HTML or XML instead of media",
                "SUBTITLE, ~{\"code\":1}~, JSON instead of media",
                "SUBTITLE, ~1\nhello\n~, ~unknown media type, first bytes 310a68656c6c6f0a~",
                "SUBTITLE, WEBVTTX, ~unknown media type, first bytes 57454256545458~",
                "SUBTITLE, ~RIFF\u0000\u0000\u0000\u0000WAVEfmt~, audio/wav instead of SUBTITLE"
            })
    void mismatchIsDescribed(MediaKind kind, String head, String reason) {
        assertThat(TypeSniffer.mismatch(bytes(head), kind)).isEqualTo(reason);
    }

    @ParameterizedTest
    @CsvSource({
        "IMAGE, HEIC AVIF WEBP JPEG PNG GIF",
        "MOTION, MP4 MOV",
        "VIDEO, MP4 MOV",
        "AUDIO, MP4 MOV M4A WAV MP3 AAC FLAC OGG",
        "SUBTITLE, SRT VTT"
    })
    void slotAcceptsOnlyTypesOfItsKind(MediaKind kind, String types) {
        assertThat(Arrays.stream(MediaType.values())
                        .filter(type -> type.suits(kind))
                        .map(MediaType::name))
                .containsExactly(types.split(" "));
    }

    private static byte[] bytes(String latin1) {
        return latin1.getBytes(StandardCharsets.ISO_8859_1);
    }
}
