package io.github.notearchive.nightly;

import static org.mockito.ArgumentMatchers.any;
import static org.mockito.ArgumentMatchers.eq;
import static org.mockito.Mockito.mock;
import static org.mockito.Mockito.verify;
import static org.mockito.Mockito.verifyNoMoreInteractions;
import static org.mockito.Mockito.when;

import io.github.notearchive.archive.catalog.MediaCatalog;
import io.github.notearchive.archive.catalog.MediaCatalog.KnownObject;
import io.github.notearchive.archive.catalog.StoredMedia;
import io.github.notearchive.media.DownloadedMedia;
import io.github.notearchive.media.Spool.SpoolFile;
import io.github.notearchive.note.MediaType;
import io.github.notearchive.store.ObjectKey;
import io.github.notearchive.store.ObjectStore;
import java.time.Duration;
import java.util.List;
import java.util.Optional;
import org.junit.jupiter.api.Test;

/** Uploads by the thread that downloaded a file. */
class MediaUploadsTests {

    private static final String SHA256 = "0".repeat(64);

    private final RunStopper stopper = new RunStopper(mock(), mock());
    private final ObjectStore store = mock();
    private final MediaCatalog catalog = mock();

    @Test
    void lostObjectIsUploadedAgainAndNothingAfterAnAbort() {
        ObjectKey key = StoredMedia.keyOf(SHA256, "jpg");
        StoredMedia lost = new StoredMedia(SHA256, key, 7, "image/jpeg");
        when(catalog.findByDigest(SHA256)).thenReturn(Optional.of(new KnownObject(lost, false)));

        store();

        verify(store).stat(key);
        verify(store).put(eq(key), any(), any(), any());
        stopper.stop("SIGTERM");
        stopper.stop("SIGTERM");

        store();

        verifyNoMoreInteractions(store);
    }

    private void store() {
        SpoolFile file = mock();
        when(file.inMemory()).thenReturn(List.of());
        RunState run = RunReporterTests.run(stopper);
        new MediaUploads(store, catalog, OutageRetryTests.retryFor(stopper, Duration.ZERO), run)
                .store(new DownloadedMedia(file, SHA256, MediaType.JPEG, null, null));
        verify(file).close();
    }
}
