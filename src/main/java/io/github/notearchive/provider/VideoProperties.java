package io.github.notearchive.provider;

import io.github.notearchive.note.StreamPreference;
import jakarta.validation.constraints.AssertTrue;
import jakarta.validation.constraints.Max;
import jakarta.validation.constraints.Min;
import java.util.List;
import org.springframework.boot.context.properties.ConfigurationProperties;
import org.springframework.boot.context.properties.bind.DefaultValue;
import org.springframework.validation.annotation.Validated;

/**
 * Whether the videos of video notes are bought, and which of the streams that are offered is taken.
 *
 * @param enabled whether a second call, billed by itself, is made for the video of a note of type {@code video} whose
 *     answer carries none. Streams that an answer carries are archived either way
 * @param callsPerNight our own limit of those calls in one night, within {@code archive.source.calls-per-night}, which
 *     counts them too; 0 is no limit beside that one
 * @param codecs which codec is taken first, for videos and for the moving half of live photos; those that are not named
 *     come last
 * @param maxHeight how many pixels the shorter side of a video should have at most, as in 1080p; a taller one is taken
 *     where there is no other. 0 is no limit
 */
@Validated
@ConfigurationProperties("archive.video")
public record VideoProperties(
        @DefaultValue("false") boolean enabled,
        @DefaultValue("0") @Min(0) int callsPerNight,
        @DefaultValue({"h265", "h264", "av1", "h266"}) List<String> codecs,
        @DefaultValue("0") @Min(0) @Max(100_000) int maxHeight) {

    @AssertTrue(message = "archive.video.codecs may name h265, h264, av1 and h266, each once, the best first")
    boolean isCodecsKnown() {
        return StreamPreference.ALL.containsAll(codecs)
                && codecs.stream().distinct().count() == codecs.size();
    }

    public StreamPreference preference() {
        return new StreamPreference(codecs, maxHeight);
    }
}
