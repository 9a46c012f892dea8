"""FFmpeg's WHIP client, as PyAV brings it: ``python -m tests.ffmpeg_whip URL SECONDS`` speaks.

A process of its own: PyAV holds the interpreter while FFmpeg waits for the server. It is given a
certificate: the one that FFmpeg with GnuTLS makes for itself has a curve that OpenSSL refuses.
"""

import datetime
import sys
import tempfile
import time
from pathlib import Path

import av
import numpy as np
from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat

from engine.timeline import SAMPLE_RATE_HZ
from tests.opus_utils import PACKET_SAMPLES, voice


def make_certificate(folder: Path) -> dict[str, str]:
    """FFmpeg's options that name a certificate of P-256 and its key."""
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, "test")])
    now = datetime.datetime.now(datetime.UTC)
    day = datetime.timedelta(days=1)
    builder = x509.CertificateBuilder(name, name, key.public_key(), 1, now - day, now + day)
    certificate = builder.sign(key, hashes.SHA256())
    (folder / "cert.pem").write_bytes(certificate.public_bytes(Encoding.PEM))
    private = key.private_bytes(Encoding.PEM, PrivateFormat.TraditionalOpenSSL, NoEncryption())
    (folder / "key.pem").write_bytes(private)
    return {"cert_file": str(folder / "cert.pem"), "key_file": str(folder / "key.pem")}


def send(url: str, duration_s: float) -> None:
    """Send a voice to *url*, in real time."""
    pcm = (np.repeat(voice(duration_s), 2) * 32767).astype(np.int16)
    with tempfile.TemporaryDirectory() as folder:
        options = make_certificate(Path(folder))
        with av.open(url, "w", format="whip", options=options) as container:
            stream = container.add_stream("libopus", rate=SAMPLE_RATE_HZ, layout="stereo")
            container.start_encoding()
            begun_s = time.monotonic()
            for start in range(0, len(pcm) // 2, PACKET_SAMPLES):
                block = pcm[None, 2 * start : 2 * (start + PACKET_SAMPLES)]
                frame = av.AudioFrame.from_ndarray(block, format="s16", layout="stereo")
                frame.sample_rate, frame.pts = SAMPLE_RATE_HZ, start
                container.mux(stream.encode(frame))
                due_s = begun_s + start / SAMPLE_RATE_HZ
                time.sleep(max(0.0, due_s - time.monotonic()))


if __name__ == "__main__":
    send(sys.argv[1], float(sys.argv[2]))
