package io.github.notearchive.export;

import static org.assertj.core.api.Assertions.assertThat;

import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

import java.nio.charset.StandardCharsets;

class FileNamesTests {

    private static final String ID = "65a000000000000000000001";

    @ParameterizedTest
    @CsvSource(
            delimiter = '|',
            textBlock =
                    """
                    今天的云像一床被子   | -今天的云像一床被子
                    路过一家旧书店🍚!    | -路过一家旧书店
                    ../../etc/passwd     | -etc-passwd
                    CON                  | -CON
                    a.                   | -a
                    .hidden              | -hidden
                    a:b*c?"<>\\          | -a-b-c
                    \u202egpj.exe        | -gpj-exe
                    ''                   | ''
                    ---                  | ''
                    """)
    void aDirectoryIsTheIdAndWhatOfTheTitleIsLettersAndDigits(String title, String expected) {
        assertThat(FileNames.directory(ID, title)).isEqualTo(ID + expected);
    }

    @ParameterizedTest
    @ValueSource(ints = {1, 30, 300, 30_000})
    void aLongTitleIsCut(int length) {
        for (String letter : new String[] {"a", "云", "𠀀", "\u00e9", "a-"}) {
            String name = FileNames.directory(ID, letter.repeat(length));

            assertThat(name.getBytes(StandardCharsets.UTF_8)).hasSizeLessThan(180);
            assertThat(name).startsWith(ID).doesNotContain("\ufffd").doesNotEndWith("-");
        }
    }

    @ParameterizedTest
    @CsvSource({
        "IMAGE, 0, x, media/ab/cd.jpg, 01.jpg",
        "IMAGE, 99, x, media/ab/cd.heic, 100.heic",
        "MOTION, 1, x, media/ab/cd.mp4, 02-motion.mp4",
        "AUDIO, 0, x, media/ab/cd.m4a, audio.m4a",
        "AUDIO, 1, x, media/ab/cd.m4a, audio-02.m4a",
        "VIDEO, 0, x, media/ab/cd.mp4, video.mp4",
        "SUBTITLE, 0, zh-CN, media/ab/cd.srt, subtitle-01-zh-CN.srt",
        "SUBTITLE, 1, ../zh, media/ab/cd.vtt, subtitle-02.vtt",
        "IMAGE, 0, x, media/ab/cd, 01.bin"
    })
    void aFileIsNamedByWhatItIs(
            String kind, long ordinal, String identity, String key, String expected) {
        assertThat(FileNames.media(kind, ordinal, identity, key)).isEqualTo(expected);
    }
}
