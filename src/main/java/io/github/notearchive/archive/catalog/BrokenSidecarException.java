package io.github.notearchive.archive.catalog;

/** Thrown if the object at the key of a sidecar is not a valid sidecar. The message states why. */
public final class BrokenSidecarException extends Exception {

    public BrokenSidecarException(String message) {
        super(message);
    }
}
