package io.github.notearchive.export;

import static org.assertj.core.api.Assertions.assertThat;

import java.time.Instant;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class FileNamesTests {

    private static final String ID = "65a000000000000000000001";

    @Test
    void aDirectoryIsTheDayInShanghaiAndTheId() {
        assertThat(Folder.directoryName(ID, Instant.parse("2026-02-09T16:00:00Z")))
                .isEqualTo("2026-02-10-" + ID);
        assertThat(Folder.directoryName(ID, null)).isEqualTo("undated-" + ID);
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
    void aFileIsNamedByWhatItIs(String kind, long ordinal, String identity, String key, String expected) {
        assertThat(Folder.fileName(kind, ordinal, identity, key)).isEqualTo(expected);
    }
}
