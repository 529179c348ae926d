package io.github.notearchive.nightly;

import static org.mockito.ArgumentMatchers.any;
import static org.mockito.ArgumentMatchers.argThat;
import static org.mockito.ArgumentMatchers.eq;
import static org.mockito.Mockito.mock;
import static org.mockito.Mockito.verify;
import static org.mockito.Mockito.verifyNoMoreInteractions;
import static org.mockito.Mockito.when;

import io.github.notearchive.archive.catalog.MediaCatalog;
import io.github.notearchive.archive.catalog.MediaCatalog.KnownObject;
import io.github.notearchive.archive.catalog.StoredMedia;
import io.github.notearchive.io.time.Deadline;
import io.github.notearchive.media.DownloadedMedia;
import io.github.notearchive.media.Spool.SpoolFile;
import io.github.notearchive.note.MediaType;
import io.github.notearchive.store.ObjectKey;
import io.github.notearchive.store.ObjectStore;
import java.time.Duration;
import java.util.Optional;
import org.junit.jupiter.api.Test;

/** Uploads by the thread that downloaded a file. */
class MediaUploadsTests {

    private static final Duration LIMIT = Duration.ofMinutes(5);
    private static final String SHA256 = "0".repeat(64);

    private final RunStopper stopper = new RunStopper(mock(), mock());
    private final ObjectStore store = mock();
    private final MediaCatalog catalog = mock();

    @Test
    void requestsAreSentOnceWithinTheTimeOfTheFileAndNoneAfterAnAbort() {
        ObjectKey key = StoredMedia.keyOf(SHA256, "jpg");
        StoredMedia lost = new StoredMedia(SHA256, key, 7, "image/jpeg");
        when(catalog.findByDigest(SHA256)).thenReturn(Optional.of(new KnownObject(lost, false)));

        store();

        verify(store).statOnce(eq(key), argThat(MediaUploadsTests::isWithinLimit));
        verify(store).putOnce(eq(key), any(), any(), any(), argThat(MediaUploadsTests::isWithinLimit));
        stopper.stop("SIGTERM");
        stopper.stop("SIGTERM");

        store();

        verifyNoMoreInteractions(store);
    }

    private void store() {
        SpoolFile file = mock();
        RunState run = RunReporterTests.run(stopper);
        new MediaUploads(store, catalog, OutageRetryTests.retryFor(stopper, Duration.ZERO), run)
                .store(new DownloadedMedia(file, SHA256, null, MediaType.JPEG, null, null), Deadline.in(LIMIT));
        verify(file).close();
    }

    private static boolean isWithinLimit(Duration time) {
        return time.isPositive() && time.compareTo(LIMIT) <= 0;
    }
}
