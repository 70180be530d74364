"""Functions of `tf.contrib.image` that move pixels: projective transforms of images."""

from typing import Any

import tensorflow as tf
import tensorflow.compat.v1 as tf1

from estimator_compat.type_aliases import Tensor

_KINDS = (tf.uint8, tf.int32, tf.int64, tf.float16, tf.float32, tf.float64)


def _batched(images: Any) -> tuple[Tensor, tuple[Any, ...]]:
    """Returns images `[batch, height, width, channels]`, and the index that undoes it."""
    images = tf1.convert_to_tensor(images, name="images")
    if images.dtype.base_dtype not in _KINDS:
        raise TypeError(
            f"Invalid dtype {images.dtype}; expected one of {[kind.name for kind in _KINDS]}; cast "
            "the images."
        )
    rank = images.shape.ndims
    if rank is None:
        raise TypeError(
            "image_or_images rank must be statically known; expected 2 to 4 dimensions; set the "
            "shape of the images."
        )
    if rank == 2:
        return images[None, :, :, None], (0, ..., 0)
    if rank == 3:
        return images[None], (0,)
    if rank == 4:
        return images, ()
    raise TypeError(
        f"Images should have rank between 2 and 4. The rank was {rank}; reshape the images."
    )


def transform(
    images: Any,
    transforms: Any,
    interpolation: str = "NEAREST",
    output_shape: Any = None,
    name: str | None = None,
) -> Tensor:
    """Applies projective transforms to images.

    A transform (a0, a1, a2, b0, b1, b2, c0, c1) takes the pixel at (x, y) of the output from
    ((a0 * x + a1 * y + a2) / k, (b0 * x + b1 * y + b2) / k) of the image, where
    k = c0 * x + c1 * y + 1. Pixels from outside of the image are 0.

    Args:
      images: `[batch, height, width, channels]`, `[height, width, channels]` or `[height, width]`.
      transforms: `[8]` or `[batch, 8]`.
      interpolation: "NEAREST" or "BILINEAR".
      output_shape: The height and width of the outputs; None for those of the images.
      name: The name scope.

    Raises:
      TypeError: The images have another dtype, or a rank is out of range.
      ValueError: `output_shape` is not a pair.
    """
    with tf1.name_scope(name, "transform"):
        batch, index = _batched(images)
        transforms = tf1.convert_to_tensor(transforms, tf.float32, name="transforms")
        if transforms.shape.ndims not in (1, 2):
            raise TypeError(
                f"Transforms should have rank 1 or 2. The rank was {transforms.shape.ndims}; pass "
                "`transforms` of the shape [8] or [batch, 8]."
            )
        size = tf1.shape(batch)[1:3] if output_shape is None else output_shape
        known = tf1.get_static_value(size)
        size = tf1.convert_to_tensor(size if known is None else known, tf.int32)
        if not size.shape.is_compatible_with([2]):
            raise ValueError(
                "output_shape must be a 1-D Tensor of 2 elements: new_height, new_width; its shape "
                f"was {size.shape}; pass a pair of integers."
            )
        moved = tf.raw_ops.ImageProjectiveTransformV2(
            images=batch,
            transforms=tf.reshape(transforms, [-1, 8]),
            output_shape=size,
            interpolation=interpolation.upper(),
        )
        return moved[index] if index else moved


def rotate(
    images: Any, angles: Any, interpolation: str = "NEAREST", name: str | None = None
) -> Tensor:
    """Rotates images counterclockwise around their centers.

    Args:
      images: As for `transform`.
      angles: In radians, a scalar or `[batch]`.
      interpolation: As for `transform`.
      name: The name scope.
    """
    with tf1.name_scope(name, "rotate"):
        batch, index = _batched(images)
        height, width = (tf.cast(tf1.shape(batch)[axis], tf.float32)[None] for axis in (1, 2))
        moved = transform(
            batch, angles_to_projective_transforms(angles, height, width), interpolation
        )
        return moved[index] if index else moved


def translate(
    images: Any, translations: Any, interpolation: str = "NEAREST", name: str | None = None
) -> Tensor:
    """Moves images.

    Args:
      images: As for `transform`.
      translations: The distances (dx, dy) in pixels, `[2]` or `[batch, 2]`.
      interpolation: As for `transform`.
      name: The name scope.
    """
    with tf1.name_scope(name, "translate"):
        moves = translations_to_projective_transforms(translations)
        return transform(images, moves, interpolation)


def angles_to_projective_transforms(
    angles: Any, image_height: Any, image_width: Any, name: str | None = None
) -> Tensor:
    """Returns the transforms that rotate images around their centers, `[batch, 8]`.

    Args:
      angles: In radians, a scalar or `[batch]`.
      image_height: The height of the images.
      image_width: The width of the images.
      name: The name scope.

    Raises:
      TypeError: `angles` has another rank.
    """
    with tf1.name_scope(name, "angles_to_projective_transforms"):
        angles = tf1.convert_to_tensor(angles, tf.float32, name="angles")
        if angles.shape.ndims not in (0, 1):
            raise TypeError(
                f"Angles should have rank 0 or 1. The rank was {angles.shape.ndims}; pass a number "
                "or one for each image."
            )
        angles = tf.reshape(angles, [-1])
        cosine, sine = tf.cos(angles), tf.sin(angles)
        right, bottom = image_width - 1, image_height - 1
        x_offset = (right - (cosine * right - sine * bottom)) / 2.0
        y_offset = (bottom - (sine * right + cosine * bottom)) / 2.0
        none = tf.zeros_like(angles)
        return tf.stack([cosine, -sine, x_offset, sine, cosine, y_offset, none, none], axis=1)


def translations_to_projective_transforms(translations: Any, name: str | None = None) -> Tensor:
    """Returns the transforms that move images, `[batch, 8]`.

    Args:
      translations: The distances (dx, dy) in pixels, `[2]` or `[batch, 2]`.
      name: The name scope.

    Raises:
      TypeError: `translations` has another rank.
    """
    with tf1.name_scope(name, "translations_to_projective_transforms"):
        moves = tf1.convert_to_tensor(translations, tf.float32, name="translations")
        if moves.shape.ndims not in (1, 2):
            raise TypeError(
                f"Translations should have rank 1 or 2. The rank was {moves.shape.ndims}; pass "
                "(dx, dy), or one pair for each image."
            )
        x, y = tf.unstack(tf.reshape(moves, [-1, 2]), axis=1)
        one, none = tf.ones_like(x), tf.zeros_like(x)
        return tf.stack([one, none, -x, none, one, -y, none, none], axis=1)


def compose_transforms(*transforms: Any) -> Tensor:
    """Returns the transforms that do the same as several, one after the other, `[batch, 8]`."""
    assert transforms, "transforms cannot be empty"
    with tf1.name_scope("compose_transforms"):
        composed = flat_transforms_to_matrices(transforms[0])
        for one in transforms[1:]:
            composed = tf.matmul(composed, flat_transforms_to_matrices(one))
        return matrices_to_flat_transforms(composed)


def flat_transforms_to_matrices(transforms: Any) -> Tensor:
    """Returns transforms as matrices from outputs to images, `[batch, 3, 3]`.

    Args:
      transforms: `[8]` or `[batch, 8]`.

    Raises:
      ValueError: It has another rank.
    """
    with tf1.name_scope("flat_transforms_to_matrices"):
        transforms = tf1.convert_to_tensor(transforms, name="transforms")
        if transforms.shape.ndims not in (1, 2):
            raise ValueError(
                f"Transforms should be 1D or 2D, got: {transforms}; pass [8] or [batch, 8]."
            )
        rows = tf.reshape(transforms, [-1, 8])
        return tf.reshape(tf.concat([rows, tf.ones_like(rows[:, :1])], axis=1), [-1, 3, 3])


def matrices_to_flat_transforms(transform_matrices: Any) -> Tensor:
    """Returns matrices from outputs to images as transforms, `[batch, 8]`.

    Args:
      transform_matrices: `[3, 3]` or `[batch, 3, 3]`.

    Raises:
      ValueError: It has another rank.
    """
    with tf1.name_scope("matrices_to_flat_transforms"):
        matrices = tf1.convert_to_tensor(transform_matrices, name="transform_matrices")
        if matrices.shape.ndims not in (2, 3):
            raise ValueError(
                f"Matrices should be 2D or 3D, got: {matrices}; pass [3, 3] or [batch, 3, 3]."
            )
        rows = tf.reshape(matrices, [-1, 9])
        return (rows / rows[:, 8:9])[:, :8]
