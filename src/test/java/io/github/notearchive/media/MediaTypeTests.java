package io.github.notearchive.media;

import static org.assertj.core.api.Assertions.assertThat;

import io.github.notearchive.note.MediaKind;
import java.nio.charset.StandardCharsets;
import java.util.Arrays;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** The first bytes say what a file is, whatever server and name say. */
class MediaTypeTests {

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
    void theTypeIsFoundInTheFirstBytes(String head, MediaType type) {
        assertThat(MediaType.of(bytes(head))).contains(type);
    }

    @ParameterizedTest
    @CsvSource(
            quoteCharacter = '~',
            value = {
                "<!DOCTYPE html>, HTML or XML in place of media",
                "~  <?xml version=\"1.0\"?>~, HTML or XML in place of media",
                "~{\"code\":404}~, JSON in place of media",
                "~\u00ef\u00bb\u00bf[1]~, JSON in place of media",
                "~\u001f\u008b\u0008\u0000~, ~no known media, first bytes 1f8b0800~",
                "~\u00ff\u00ff\u00ff\u00ff~, ~no known media, first bytes ffffffff~",
                "GIF89a, image/gif in place of VIDEO"
            })
    void whatIsNoMediaIsSaidInWords(String head, String words) {
        assertThat(FirstBytes.of(bytes(head), MediaKind.VIDEO)).isEqualTo(new FirstBytes.Wrong(words));
    }

    @ParameterizedTest
    @CsvSource(
            quoteCharacter = '~',
            value = {
                "<html>00:00:00.000 --> 00:00:01.500, HTML or XML in place of media",
                "~{\"code\":1}~, JSON in place of media",
                "~1\nhello\n~, ~no known media, first bytes 310a68656c6c6f0a~",
                "WEBVTTX, ~no known media, first bytes 57454256545458~",
                "~RIFF\u0000\u0000\u0000\u0000WAVEfmt~, audio/wav in place of SUBTITLE"
            })
    void whatAreNoSubtitlesIsSaidInWords(String head, String words) {
        assertThat(FirstBytes.of(bytes(head), MediaKind.SUBTITLE))
                .isInstanceOf(FirstBytes.Wrong.class)
                .extracting(wrong -> ((FirstBytes.Wrong) wrong).looksLike())
                .asString()
                .isEqualTo(words);
    }

    @Test
    void nothingIsNoMedia() {
        assertThat(FirstBytes.of(new byte[0], MediaKind.IMAGE)).isEqualTo(new FirstBytes.Wrong("an empty body"));
    }

    @Test
    void aSlotTakesOnlyItsSort() {
        assertThat(Arrays.stream(MediaType.values()).filter(t -> t.suits(MediaKind.IMAGE)))
                .containsExactly(
                        MediaType.HEIC, MediaType.AVIF, MediaType.WEBP, MediaType.JPEG, MediaType.PNG, MediaType.GIF);
        assertThat(Arrays.stream(MediaType.values()).filter(t -> t.suits(MediaKind.MOTION)))
                .containsExactly(MediaType.MP4, MediaType.MOV);
        assertThat(Arrays.stream(MediaType.values()).filter(t -> t.suits(MediaKind.SUBTITLE)))
                .containsExactly(MediaType.SRT, MediaType.VTT);
        assertThat(MediaType.M4A.suits(MediaKind.AUDIO)).isTrue();
        assertThat(MediaType.MP4.suits(MediaKind.AUDIO)).isTrue();
        assertThat(MediaType.JPEG.suits(MediaKind.AUDIO)).isFalse();
    }

    private static byte[] bytes(String latin1) {
        return latin1.getBytes(StandardCharsets.ISO_8859_1);
    }
}
