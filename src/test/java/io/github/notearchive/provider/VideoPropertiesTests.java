package io.github.notearchive.provider;

import static org.assertj.core.api.Assertions.assertThat;

import io.github.notearchive.note.StreamPreference;
import jakarta.validation.ConstraintViolation;
import jakarta.validation.Validation;
import jakarta.validation.Validator;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class VideoPropertiesTests {

    private static final Validator VALIDATOR =
            Validation.buildDefaultValidatorFactory().getValidator();

    @Test
    void videosAreOffByDefault() {
        VideoProperties settings = Settings.ofVideos();

        assertThat(settings).isEqualTo(new VideoProperties(false, 0, List.of("h265", "h264", "av1", "h266"), 0));
        assertThat(settings.preference()).isEqualTo(StreamPreference.DEFAULT);
        assertThat(messages(settings)).isEmpty();
    }

    @ParameterizedTest
    @CsvSource(
            delimiter = '|',
            value = {
                "codecs          | h264,vp9  | archive.video.codecs may name h265, h264, av1 and h266, each once, the best first",
                "codecs          | h264,h264 | archive.video.codecs may name h265, h264, av1 and h266, each once, the best first",
                "calls-per-night | -1        | must be greater than or equal to 0",
                "max-height      | -1        | must be greater than or equal to 0"
            })
    void invalidSettingIsRejected(String name, String value, String message) {
        assertThat(messages(Settings.ofVideos(name, value))).containsExactly(message);
    }

    @Test
    void unnamedCodecsComeLast() {
        assertThat(Settings.ofVideos("codecs", "av1").preference().codecs())
                .containsExactly("av1", "h265", "h264", "h266");
        assertThat(Settings.ofVideos("codecs", "").preference()).isEqualTo(StreamPreference.DEFAULT);
    }

    private static List<String> messages(VideoProperties settings) {
        return VALIDATOR.validate(settings).stream()
                .map(ConstraintViolation::getMessage)
                .toList();
    }
}
