"""Operations of keras.ops between layers: outputs and derivatives of Keras's file in Lamina, and Lamina's file in Keras."""

import json
import sys
import zipfile

import jax
import numpy as np

import harness
import keras
from harness import RNG, floats, ids

# One model a family; each line is an output, an expression of keras.ops on the inputs below.
INPUTS = {
    "x": floats(3, 4, 6), "y": floats(3, 4, 6),
    "u": RNG.uniform(0.1, 0.9, (3, 4, 6)).astype("float32"),
    "k": ids(9, 3, 4, 6) - 4, "i": ids(6, 3, 4, 2),
    "v": floats(3, 3), "w": floats(3, 3), "q": floats(3, 5, 5), "t": floats(3, 12),
    "n": np.where(RNG.uniform(size=(3, 4, 6)) < 0.2, np.nan, floats(3, 4, 6)).astype("float32"),
    "a": RNG.uniform(0, 1, (3, 8, 6, 3)).astype("float32"), "b": floats(3, 8, 6, 8),
    "c": floats(3, 9, 4), "p": np.asarray(jax.nn.softmax(floats(3, 4, 6))), "d": ids(6, 3, 4),
    "e": floats(3, 5, 2, 4), "f": floats(3, 7, 2, 4), "g": floats(3, 7, 2, 4),
    "L": floats(2, 300), "M": floats(2, 300), "A": floats(3, 6) * 0.3 + np.eye(2, 3, dtype="float32").ravel(),
    "P": (np.array([[0, 0], [5, 0], [0, 7], [5, 7]]) + RNG.uniform(0.1, 0.9, (3, 4, 2))).astype("float32"),
    "S": (lambda m: m @ m.swapaxes(1, 2) + np.eye(5, dtype="float32"))(floats(3, 5, 5)),
}
FAMILIES = {
    "unary": """
        abs(x) absolute(x) angle(x) arccos(u) arccosh(u+1.5) arcsin(u) arcsinh(x) arctan(3*x) arctanh(u) bitwise_invert(k)
        bitwise_not(k) cbrt(x) ceil(x) conj(x) conjugate(x) cos(x) cosh(x) deg2rad(x) exp(x) exp2(x) expm1(x) fabs(x)
        floor(x) imag(x) isfinite(n) isinf(n) isnan(n) isneginf(1/(k*1.0)) isposinf(1/(k*1.0)) isreal(x) log(u) log10(u)
        log1p(u) log2(u) logical_not(k) negative(x) rad2deg(x) real(x) reciprocal(u) sign(x) signbit(x) sin(x) sinc(x)
        sinh(x) sqrt(u) square(x) tan(x) tanh(x) trunc(3*x) erf(x) erfc(x) rsqrt(u) cast(x,"int32") cast(k,"float32")
        stop_gradient(x)*x nan_to_num(n) nan_to_num(n,nan=2.5) ones_like(x) zeros_like(k) empty_like(k) erfinv(u)
        erfinv(-u) i0(4*x) saturate_cast(100*x,"int8") saturate_cast(1e9*k,"int32") saturate_cast(k,"bool") full_like(x,2.5) round(x)
        round(x,decimals=1) clip(x,-0.5,0.7) copy(x) array(x) convert_to_tensor(x)
        keras.src.ops.numpy.Abs()(x) keras.src.ops.numpy.Conj()(x)""",
    "binary": """
        add(x,y) x+2 arctan2(x,y) divide(x,u) divide_no_nan(x,k*1.0) equal(k,k[0]) floor_divide(3*x,u) fmax(x,n) fmin(x,n)
        fmod(3*x,u) greater(x,y) greater_equal(x,0) heaviside(x,y) hypot(x,y) ldexp(x,k) less(x,y) less_equal(k,1)
        logaddexp(x,y) logaddexp2(x,y) logical_and(k,x>0) logical_or(k,x>0) logical_xor(k,x>0) maximum(x,y) maximum(x,0.1)
        minimum(x,y) mod(3*x,u) mod(k,3) multiply(x,y) not_equal(k,0) power(u,x) x**2 subtract(1,x) true_divide(x,u)
        isclose(x,x+1e-9) allclose(x,x+1e-9) allclose(x,y,rtol=0.5) where(x>0,x,y) where(x>0,x,0.0) select([x>1,x>0],[x,y],0.5)
        add(x,np.arange(6.0,dtype="float32")) outer(t[0],t[1])
        bitwise_and(k,k*3) bitwise_and(k>0,x>0) bitwise_or(k,k*3) bitwise_or(k>0,x>0) bitwise_xor(k,k*3)
        bitwise_xor(k>0,x>0) left_shift(k,d[0,0]) bitwise_left_shift(k,np.array([40,-1,31,32,1,0],"int32"))
        right_shift(k*7,np.array([40,31,32,1,0,2],"int32")) right_shift(k*7,k) bitwise_right_shift(k,1)
        gcd(6*k,i[:,:,:1]*4) lcm(k,6) unravel_index(k*5,(3,4))[0] unravel_index(k*5,(3,4))[1]""",
    "sequences": """
        linspace(x[0],y[0],5) linspace(x,y[:,:1],4,endpoint=False,axis=-1) linspace(0,10*x[0],3,dtype="int32",axis=1)
        logspace(x[0],y[0],4) logspace(x[0],1,3,base=2.5,axis=1) geomspace(u[0],3.0,4) geomspace(-u[0],-u[1],3,axis=-1)
        histogram(t[0],bins=5)[0] histogram(t[0],bins=5)[1] histogram(t[1],bins=4,range=(-1.0,0.5))[0] trapezoid(x)
        trapezoid(x,dx=0.5,axis=1) trapezoid(x,x=[0.0,1.0,3.0,4.0],axis=1) vander(v[0])
        vander(k[0,0],N=3,increasing=True) full((2,3),x[0,0,0]) full((2,6),x[0,0],dtype="int32") x*size(x)""",
    "reductions": """
        all(k,axis=1) amax(x,axis=-1) amin(x) any(k,axis=[1,2]) count_nonzero(k,axis=1) mean(x) mean(k,axis=-1,keepdims=True)
        sum(x,axis=(1,2)) prod(x,axis=1) max(x,axis=1,initial=0.5) min(x,axis=-1,keepdims=True) var(x,axis=1) std(x,axis=-1)
        ptp(x,axis=1) logsumexp(x,axis=-1) nanmax(n,axis=1) nanmean(n,axis=-1) nanmin(n,axis=1) nanprod(n,axis=1)
        nanstd(n,axis=(1,2)) nansum(n) nanvar(n,axis=-1) nancumsum(n,axis=1) nancumprod(n,axis=1) argmax(x,axis=1)
        argmin(x,axis=-1,keepdims=True) argmax(x) nanargmax(n,axis=1) nanargmax(n) nanargmin(n,axis=-1,keepdims=True)
        nanargmin(n/(n[:,:,:1]>0)) average(x,axis=1) average(x,axis=1,weights=np.arange(1.0,5,dtype="float32"))
        cumsum(x,axis=1) cumsum(x) cumprod(x,axis=2) norm(x,axis=-1) norm(x,ord=1,axis=1) norm(x,ord=3,axis=1)
        norm(x,ord=np.inf,axis=-1) norm(x,ord="fro",axis=(1,2)) norm(x,ord=1,axis=(1,2)) norm(x,ord=np.inf,axis=(1,2))
        moments(x,axes=[1])[0] moments(x,axes=[0,2],keepdims=True)[1]""",
    "ordering": """
        sort(x) sort(x,axis=1) argsort(x) top_k(x,2)[0] top_k(x,3)[1] in_top_k(d[:,0],x[:,0],2) median(x,axis=1) median(x)
        median(x,axis=(1,2),keepdims=True) quantile(x,0.3,axis=-1) quantile(x,[0.1,0.8],axis=1) percentile(x,40,axis=1)
        quantile(n,0.5,axis=1) quantile(v,0.25,axis=1,method="nearest") quantile(v,0.75,axis=1,method="nearest") nanmedian(n,axis=1)
        nanmedian(n) nanquantile(n,0.3,axis=(0,2)) nanquantile(n,[0.1,0.8],axis=-1,keepdims=True) nanpercentile(n,60,axis=2)
        nanquantile(n,0.4,axis=1,method="nearest") nanquantile(n,0.4,axis=1,method="midpoint")
        nanquantile(n,0.4,axis=1,method="higher") argpartition(x,2) argpartition(x,1,axis=1)
        searchsorted(np.array([-1.0,0.0,1.0],"float32"),t[0]) digitize(x,np.array([-1.0,0.0,1.0],"float32"))""",
    "shapes": """
        append(x,y,axis=1) append(x,y) array_split(x,4,axis=2)[1] broadcast_to(x[:,:1],(3,4,6)) concatenate([x,y],axis=-1)
        dsplit(x,2)[0] dstack([x,y]) expand_dims(x,1) expand_dims(x,(0,-1)) flip(x,axis=1) fliplr(x) flipud(x) hsplit(x,2)[1]
        hstack([x,y]) meshgrid(v[0],t[0])[0] meshgrid(v[0],t[0],indexing="ij")[1] moveaxis(x,1,2) moveaxis(x,[0,1],[-1,0])
        pad(x,((0,0),(1,2),(3,0))) pad(x,((0,0),(1,2),(3,0)),constant_values=1.5) pad(x,((0,0),(2,1),(0,5)),mode="reflect")
        pad(x,((0,0),(2,4),(7,0)),mode="symmetric") pad(x,((0,0),(9,0),(0,2)),mode="reflect") pad(x,1,mode="edge")
        ravel(x) repeat(x,2,axis=1) repeat(x,3) reshape(x,(-1,8)) roll(x,2,axis=1) roll(x,-7)
        roll(x,(1,2),axis=(1,2)) rot90(x) rot90(x,k=3,axes=(1,2)) split(x,2,axis=1)[1] split(x,[1,4],axis=2)[1]
        squeeze(x[:,:1],axis=1) stack([x,y],axis=1) swapaxes(x,1,2) tile(x,(1,2,3)) tile(x,2) transpose(x) transpose(x,(0,2,1))
        vsplit(x,3)[1] vstack([x,y]) unstack(x,axis=1)[2] depth_to_space(b,2) space_to_depth(b,2) extract_sequences(t,5,3)
        rearrange(x,"b h w -> h b w") rearrange(b,"b (h p) (w q) c -> b (h w) (p q c)",p=4,q=2) rearrange(x,"b h w -> (b h) w")
        rearrange(x,"(a one) h w -> a (w h) one",one=1)""",
    "indexing": """
        x[:,1] x[...,-1] x[:,None,::2] x[:,::-1] x[:,-2:] diag(v[0]) diag(v[0],k=-2) diag(q[0],k=1) diagflat(v[0]) diagonal(q,axis1=1,axis2=2)
        diagonal(x,offset=1,axis1=1,axis2=2) diagonal(x,offset=-2,axis1=2,axis2=1) diff(x) diff(x,n=2,axis=1) isin(k,[1,2])
        isin(k,[1,2],invert=True) take(x,[0,-1,2],axis=1) take(x,d,axis=2) take(x,i[:,0]) take_along_axis(x,i,axis=2)
        trace(q,axis1=1,axis2=2) tril(q) triu(q,k=1) slice(x,(0,1,2),(3,2,3)) slice_update(x,(0,1,2),y[:,:2,:3])
        segment_sum(t,np.array([0,1,1]),num_segments=3) segment_sum(t,np.array([-1,1,7]),num_segments=3)
        segment_max(x,np.array([0,2,2]),num_segments=4) segment_min(t,i[:,0,0],num_segments=4) segment_max(k,d[:,0],num_segments=5)
        segment_min(k,i[:,0,0],num_segments=7) segment_prod(k,np.array([0,2,2]),num_segments=4) scatter(i[:,0],t[:,0],(6,6))
        scatter(np.array([[1],[-1],[1]]),x,(5,4,6)) scatter(np.array([[1,9],[2,3],[0,1]]),x[:,0],(3,4,6))
        scatter_update(x,np.array([[0,1],[2,3],[0,1]]),y[:,0]) scatter_update(x,i[0,:2]//2,u[0,:2],reduction="add")
        scatter_update(x,np.array([[1],[2],[1]]),y,reduction="max") scatter_update(x,np.array([[1,0,5],[2,-1,0]]),u[0,0,:2],reduction="min")
        scatter_update(x,np.array([[1],[2],[1]]),k*1,reduction="mul") one_hot(d,6) one_hot(d,6,axis=1) multi_hot(d,6)""",
    "contractions": """
        dot(x,np.ones((6,2),"float32")) inner(v[0],w[0]) inner(x[0],y[1]) matmul(x,transpose(y,(0,2,1))) matmul(x,x[0,0])
        matmul(x[:,None],transpose(y,(0,2,1))[:,None]) matmul(x[:,:1],transpose(y[0])) vdot(v[0],w[0]) cross(v,w)
        cdist(x,y[:,:3]) cdist(x,y[0]) kron(v,w) kron(v[0],q) corrcoef(t) corrcoef(t[0]) correlate(t[0],v[0]) correlate(v[0],t[0])
        correlate(t[0],w[0],mode="same") correlate(v[0],t[0],mode="full") correlate(t[0],k[0,0])
        tensordot(x[0],y[0],axes=[[0],[0]]) tensordot(x[0],transpose(y[0]),axes=1) einsum("bij,bkj->bik",x,y)
        einsum("bij->bji",x) einsum("bij->b",x) einsum("...ij,...kj->...ik",x,y) einsum("ij,kj",x[0],y[0])
        einsum("bij,bkj,bkl->bil",x,y,x)""",
    "networks": """
        relu(x) relu6(3*x) sigmoid(x) silu(x) softplus(x) softsign(x) gelu(x) gelu(x,approximate=False) elu(x) elu(x,alpha=0.5)
        selu(x) celu(x,alpha=0.7) glu(x) glu(x,axis=1) leaky_relu(x,negative_slope=0.3) hard_sigmoid(x) hard_silu(x) hard_tanh(x)
        hard_shrink(x,threshold=0.3) soft_shrink(x) tanh_shrink(x) squareplus(x,b=2) sparse_plus(x) sparse_sigmoid(x) sparsemax(x)
        threshold(x,0.1,0.5) log_sigmoid(x) log_softmax(x) softmax(x) softmax(x,axis=1) normalize(x) normalize(x,axis=1,order=3)
        layer_normalization(x) layer_normalization(x,gamma=u[0,0],beta=y[0,0]) layer_normalization(x,axis=[1,2]) rms_normalization(x)
        rms_normalization(x,scale=u[0,0]) batch_normalization(x,y[0,0],u[0,0],axis=-1)
        batch_normalization(x,y[0,:,0],u[0,:,0],axis=1,offset=y[0,:,1],scale=u[0,:,1]) binary_crossentropy(u,p)
        binary_crossentropy(u,x,from_logits=True) categorical_crossentropy(p,u) categorical_crossentropy(p,x,from_logits=True,axis=1)
        sparse_categorical_crossentropy(d,p) sparse_categorical_crossentropy(d,x,from_logits=True) psnr(x,y,2.0)
        dot_product_attention(e,f,g) dot_product_attention(e,f,g,is_causal=True,scale=0.3)
        keras.activations.relu(x,negative_slope=0.2,max_value=1.0,threshold=0.1)""",
    "windows": """
        conv(a,np.full((3,3,3,2),0.1,"float32"),padding="same") conv(b,np.full((2,3,8,6),0.1,"float32"),strides=(2,1))
        conv(c,np.full((3,4,2),0.1,"float32"),dilation_rate=2) conv_transpose(c,np.full((3,5,4),0.1,"float32"),strides=2)
        conv_transpose(a,np.full((3,3,2,3),0.1,"float32"),strides=2,padding="same")
        depthwise_conv(a,np.full((3,3,3,2),0.1,"float32"),padding="same")
        separable_conv(a,np.full((3,3,3,2),0.1,"float32"),np.full((1,1,6,4),0.2,"float32"))
        max_pool(a,2,strides=2) max_pool(c,3,strides=2,padding="same") max_pool(a,(2,3),strides=(2,3),data_format="channels_first") average_pool(a,2,strides=2)
        average_pool(c,3,strides=1,padding="same") adaptive_average_pool(a,(3,2)) adaptive_max_pool(a,(3,2))
        unfold(a,2) unfold(a,(2,3),stride=(2,1),padding=1) unfold(a,2,dilation=2) fold(b[:,:,:,0],(3,2),(4,2),padding=1)
        fold(x,(4,3),2) fold(transpose(x,(0,2,1)),(5,4),(2,3),dilation=(3,1),stride=(1,1)) fold(x,(4,2),2,stride=(1,2),padding=(0,1))""",
    "images": """
        image.resize(a,(5,9)) image.resize(a,(4,3),interpolation="nearest") image.resize(a[0],(12,3),interpolation="bicubic",antialias=True)
        image.resize(a,(4,4),crop_to_aspect_ratio=True) image.rgb_to_grayscale(a) image.rgb_to_hsv(a) image.hsv_to_rgb(a)
        image.pad_images(a,1,2,10,11) image.crop_images(a,1,2,target_height=4,target_width=3) image.extract_patches(a,2)
        image.extract_patches(a,(3,2),strides=1,padding="same") image.sobel_edges(a) image.sobel_edges(a,data_format="channels_first")
        image.gaussian_blur(a,data_format="channels_last")
        image.gaussian_blur(a[0],(3,5),(0.5,1.5),data_format="channels_last") image.gaussian_blur(a,data_format="channels_first") image.ssim(a,b[...,:3],filter_size=5)
        image.ssim(a[0],a[1],max_val=2.0,filter_size=4,filter_sigma=0.8)""",
    "transforms": """
        image.affine_transform(a,pad(A,((0,0),(0,2)))) image.affine_transform(a,pad(A,((0,0),(0,2))),fill_mode="reflect") image.affine_transform(a,pad(A,((0,0),(0,2))),fill_mode="wrap")
        image.affine_transform(a,pad(A,((0,0),(0,2))),fill_mode="mirror",interpolation="nearest") image.affine_transform(a,pad(A,((0,0),(0,2))),fill_value=0.3)
        image.affine_transform(a[0],pad(A[0],(0,2)),fill_mode="nearest") image.affine_transform(a,pad(x[:,0],((0,0),(0,2))))
        image.perspective_transform(a,P,P*0.9+0.3) image.perspective_transform(a[0],P[0],P[1],fill_value=0.5)
        image.map_coordinates(x,2*y[0,:3],1) image.map_coordinates(x,2*y[1,:3],0,fill_mode="nearest")
        image.map_coordinates(k,3*y[0,:3],1,fill_mode="reflect") image.map_coordinates(v,4*x[:2,:],1,fill_mode="constant",fill_value=2)
        image.scale_and_translate(x,(3,7,4),np.array([1.5,0.6],"float32"),np.array([0.2,-0.4],"float32"),(1,2),"linear")
        image.scale_and_translate(x,(3,7,6),u[0,0,:1]*2,y[0,0,:1],(1,),"cubic",antialias=False)
        image.scale_and_translate(x,(3,5,8),np.array([1.2,1.3],"float32"),np.array([0.1,0.3],"float32"),(1,2),"lanczos3")""",
    "fourier": """
        fft((x,y))[0] fft((x,y))[1] fft((L,M))[0] fft((L,M))[1] fft2((x,y))[0] fft2((x,y))[1] ifft2((x,y))[0] ifft2((x,y))[1]
        rfft(x)[0] rfft(x)[1] rfft(q,fft_length=8)[1] rfft(q,fft_length=3)[0] irfft((x,y)) irfft((x,y),fft_length=7)
        irfft((x,y),fft_length=16) rfft(L)[1] irfft((L,M)) stft(t,4,2,6)[0] stft(t,4,2,6)[1] stft(t,5,3,5,window="hamming",center=False)[0]
        stft(L,100,50,128,window=None)[1] istft(stft(t,4,2,6),4,2,6) istft((x,y),8,3,10,length=9) istft((x,y),10,3,10,window=None)
        istft((x,y),7,3,10,window=[0.2,0.5,0.9,1.0,0.7,0.6,0.1],center=False)""",
    "matrices": """
        lu_factor(q)[0] lu_factor(q)[1] lu_factor(x)[0] lu_factor(transpose(x[0]))[1] det(q) slogdet(q)[0] slogdet(q)[1] logdet(q) inv(q) solve(q,transpose(x[:,:,:5],(0,2,1))) solve(q[0],t[0,:5])
        solve(v,w) solve_triangular(q+4*np.eye(5,dtype="float32"),transpose(x[:,:,:5],(0,2,1)),lower=True)
        solve_triangular(q[0]+4*np.eye(5,dtype="float32"),t[0,:5]) cholesky(S) cholesky(S,upper=True)
        cholesky_inverse(q[0]+4*np.eye(5,dtype="float32")) cholesky_inverse(q[0]+4*np.eye(5,dtype="float32"),upper=True)""",
}


def split_calls(text):
    """Expressions apart at the blanks outside of brackets and quotes."""
    calls, depth, word = [], 0, ""
    for char in text:
        depth += (char in "([") - (char in ")]")
        if char.isspace() and depth == 0:
            calls += [word] if word else []
            word = ""
        else:
            word += char
    return calls + ([word] if word else [])


def values_of(expressions, tensors):
    scope = {**vars(keras.ops), "np": np, "keras": keras, "image": keras.ops.image, **tensors}
    return [eval(expression, scope) for expression in expressions]


def model_of(expressions):
    tensors = {name: keras.Input(array.shape[1:], dtype=array.dtype.name, batch_size=array.shape[0], name=name)
               for name, array in INPUTS.items()}
    outputs = values_of(expressions, tensors)
    made = keras.Model(tensors, outputs)
    used = [name for name in tensors if any(f'["{name}", 0, 0]' in json.dumps(node) for node in made.get_config()["layers"]
                                           if node["class_name"] != "InputLayer")]
    return keras.Model([tensors[name] for name in used], outputs), used


def nodes_of(path):
    """[(module, class, settings, calls)] of the model's operations. Keras does not load all of its own files."""
    with zipfile.ZipFile(path) as archive:
        # Infinity, which JSON has not, is read as the largest number.
        config = json.loads(archive.read("config.json"), parse_constant=lambda _: sys.float_info.max)
    layers = [layer for layer in config["config"]["layers"] if layer["class_name"] != "InputLayer"]
    # Keras leaves the names of some out.
    return [(layer["module"], layer["class_name"], {k: v for k, v in layer["config"].items() if k != "name"},
             layer["inbound_nodes"]) for layer in layers]


def operations_of(path):
    return {f"{module}.{cls}" for module, cls, _, _ in nodes_of(path)}


class Operations(harness.Case):
    def check_family(self, family):
        expressions = split_calls(FAMILIES[family])
        model, used = model_of(expressions)
        path, again = f"{self.folder}/model.keras", f"{self.folder}/again.keras"
        model.save(path)
        inputs = [INPUTS[name] for name in used]
        places = [i for i, x in enumerate(inputs) if x.dtype == np.float32]

        def call(floating):  # without the model: its operations hold lists where the backend wants tuples
            given = {used[i]: x for i, x in zip(places, floating)}
            return values_of(expressions, {name: jax.numpy.asarray(x) for name, x in INPUTS.items()} | given)

        want, pull = jax.vjp(call, [jax.numpy.asarray(inputs[i]) for i in places])
        self.compare(expressions, harness.lamina_outputs(path, inputs), want, 2e-5)
        harness.lamina("convert", path, again)
        self.assertEqual(nodes_of(again), nodes_of(path))
        floating = [i for i, y in enumerate(want) if y.dtype == np.float32]

        def check_derivatives(of):
            cotangents = [floats(*y.shape) if i in of else np.zeros(y.shape) for i, y in enumerate(want)]
            np.savez(f"{self.folder}/x.npz", **{f"input_{i}": x for i, x in enumerate(inputs)},
                     **{f"cotangent_{i}": c.astype("float32") for i, c in enumerate(cotangents)})
            harness.lamina("grad", path, "-i", f"{self.folder}/x.npz", "-o", f"{self.folder}/g.npz")
            expected = pull([jax.numpy.asarray(c, "float32") if y.dtype == np.float32
                             else np.zeros(y.shape, jax.dtypes.float0) for c, y in zip(cotangents, want)])[0]
            with np.load(f"{self.folder}/g.npz") as arrays:
                for i, b in enumerate(expected):
                    self.assert_close([arrays[f"grad_input_{i}"]], [np.asarray(b)], 5e-5, f"by {used[places[i]]}")

        try:
            check_derivatives(floating)
        except AssertionError as error:
            for i in floating:  # whose
                with self.subTest(f"derivative of {expressions[i]}"):
                    check_derivatives([i])
            raise error

    def compare(self, names, got, want, tolerance):
        for name, a, b in zip(names, got, want, strict=True):
            with self.subTest(name):
                a, b = np.asarray(a), np.asarray(b)
                self.assertEqual(a.dtype, b.dtype)
                self.assert_close([a.astype("float64")], [b.astype("float64")], tolerance)

    def test_every_operation_is_tested(self):
        known = {line.partition("(")[0] for line in harness.lamina("list", "operations").splitlines()}
        for family in FAMILIES:
            model, _ = model_of(split_calls(FAMILIES[family]))
            model.save(f"{self.folder}/model.keras")
            known -= operations_of(f"{self.folder}/model.keras")
        self.assertEqual(sorted(known), [])


for name in FAMILIES:
    setattr(Operations, f"test_{name}", lambda self, name=name: self.check_family(name))

if __name__ == "__main__":
    harness.main()
