"""stand-in"""
from collections.abc import Callable
from dataclasses import dataclass
import numpy as np
import polars as pl
from rapidfuzz.distance import JaroWinkler
from rapidfuzz.process import cpdist
from engine.normalise import phones
from engine.normalise.scripts import clean, romanise, fold
from engine.rules import Comparison

@dataclass(frozen=True)
class Kind:
    keys: Callable[[pl.Series, str], pl.DataFrame]
    same: str
    similarity: Callable[[pl.DataFrame, pl.DataFrame], np.ndarray]
    block_keys: Callable[[pl.DataFrame], pl.DataFrame]
    levels: tuple[tuple[str, int], ...]
    strong: tuple[str, ...] = ()
    weak: tuple[str, ...] = ()
    veto: int | None = None

def _fold(v, region):
    u=v.to_list(); k=[fold(romanise(clean(x))).replace(' ','') if x else None for x in u]
    return pl.DataFrame({"fold":pl.Series(k,dtype=pl.String)})
def _jw(a,b):
    return np.asarray(cpdist(a["fold"].to_list(), b["fold"].to_list(), scorer=JaroWinkler.similarity, score_multiplier=100, dtype=np.uint8)).astype(np.uint8)
def _low(v, region):
    return pl.DataFrame({"fold": v.str.to_lowercase()})
def _comp(v, region):
    x=v.str.to_lowercase().str.replace_all(r'(ооо|зао|ао|llc|inc\.?|ltd|[«»",])','').str.replace_all(' ','')
    return _fold(x, region)
def _phone(v, region):
    k=phones.keys(v, region=region)
    return k.with_columns(fold=pl.col("national").list.first())
def _bl(t): return t.select("fold")
def _blf(t): return t.select("fold", initial=pl.col("fold").str.slice(0,1), head=pl.col("fold").str.slice(0,4))
def _ble(t): return t.select("fold", local=pl.col("fold").str.extract(r"^([^@]{5,})@"))
def _eq(a,b): return np.where(a["fold"].to_numpy()==b["fold"].to_numpy(),100,0).astype(np.uint8)
L=(("same, rare",114),("same",100),("close",92),("similar",85),("different",0))
KINDS={k:Kind(_fold,"fold",_jw,_blf,L,("fold",),("fold",)) for k in ("person_name","text","address","company")}
KINDS["company"]=Kind(_comp,"fold",_jw,_blf,L,(),("fold",))
KINDS["given_name"]=Kind(_fold,"fold",_jw,_blf,(("same",100),("close",92),("similar",80),("different",0)),(),("fold","initial"))
KINDS["family_name"]=Kind(_fold,"fold",_jw,_blf,L,(),("fold","head"))
KINDS["patronymic"]=KINDS["given_name"]
KINDS["phone"]=Kind(_phone,"fold",_jw,_bl,(("same, rare",118),("same",100),("one digit",94),("different",0)),("fold",),())
KINDS["email"]=Kind(_low,"fold",_jw,_ble,(("same, rare",118),("same",100),("close",94),("different",0)),("fold","local"),())
KINDS["city"]=Kind(_fold,"fold",_jw,_bl,(("same",100),("close",90),("different",0)),(),("fold",))
for k in ("date","number","category","postcode","identifier","website","tax_id"): KINDS[k]=Kind(_low,"fold",_jw,_bl,(("same",100),("close",90),("different",0)),("fold",) if k in("date","identifier") else (),("fold",))

def expected_levels(c: Comparison, encoded) -> list[float]:
    """codes 1..k"""
    s=[l.at_least for l in c.levels]; out=[]
    n=sum(1 for x in s if x>=100); 
    for x in s: out.append(0.75/n if x>=100 else 0.17/(len(s)-n-1) if x>0 and len(s)-n-1 else 0.08)
    return out[::-1]
