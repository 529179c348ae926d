package io.github.notearchive.embedded;

import io.github.notearchive.io.files.AtomicFile;
import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.function.BooleanSupplier;
import org.gaul.s3proxy.blobstore.BlobStore;
import org.gaul.s3proxy.blobstore.ForwardingBlobStore;
import software.amazon.awssdk.services.s3.model.CopyObjectRequest;
import software.amazon.awssdk.services.s3.model.CopyObjectResponse;
import software.amazon.awssdk.services.s3.model.CreateBucketRequest;
import software.amazon.awssdk.services.s3.model.CreateBucketResponse;
import software.amazon.awssdk.services.s3.model.DeleteObjectRequest;
import software.amazon.awssdk.services.s3.model.DeleteObjectResponse;
import software.amazon.awssdk.services.s3.model.PutObjectRequest;
import software.amazon.awssdk.services.s3.model.PutObjectResponse;

/**
 * Answers a write after its file and all folders above it are on the disk, so that a power cut loses nothing that was
 * acknowledged. Covers the writes that the archive uses: bucket, object, copy, deletion.
 */
final class SyncedBlobStore extends ForwardingBlobStore {

    private final Path root;
    private final BooleanSupplier isOn;

    SyncedBlobStore(BlobStore store, Path root, BooleanSupplier isOn) {
        super(store);
        this.root = root;
        this.isOn = isOn;
    }

    @Override
    public CreateBucketResponse createContainer(CreateBucketRequest request) {
        CreateBucketResponse response = super.createContainer(request);
        sync(root.resolve(request.bucket()));
        return response;
    }

    @Override
    public PutObjectResponse putBlob(PutObjectRequest request, InputStream content) {
        PutObjectResponse response = super.putBlob(request, content);
        sync(root.resolve(request.bucket()).resolve(request.key()));
        return response;
    }

    @Override
    public CopyObjectResponse copyBlob(CopyObjectRequest request) {
        CopyObjectResponse response = super.copyBlob(request);
        sync(root.resolve(request.destinationBucket()).resolve(request.destinationKey()));
        return response;
    }

    @Override
    public DeleteObjectResponse removeBlob(DeleteObjectRequest request) {
        DeleteObjectResponse response = super.removeBlob(request);
        sync(root.resolve(request.bucket()).resolve(request.key()));
        return response;
    }

    /** Forces a file, if it exists, and all folders up to the root to the disk; an unchanged folder costs little. */
    private void sync(Path file) {
        if (!isOn.getAsBoolean()) {
            return;
        }
        try {
            for (Path path = file; path != null && path.startsWith(root); path = path.getParent()) {
                if (Files.exists(path)) {
                    AtomicFile.force(path);
                }
            }
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }
}
