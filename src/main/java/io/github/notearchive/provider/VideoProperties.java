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
 * Purchase of videos, and preference of their streams.
 *
 * @param enabled whether a second call, billed separately, is made for the video of a note of type {@code video} whose
 *     response has no stream. Streams of a response are archived in any case
 * @param callsPerNight own limit of these calls in one night, in addition to {@code archive.source.calls-per-night},
 *     which counts them, too; 0 for no limit
 * @param codecs order of codecs, for videos and for the motion of live photos; other codecs come last
 * @param maxHeight maximum pixels of the shorter side of a video, as in 1080p; a larger one is used if there is no
 *     other. 0 for no limit
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
